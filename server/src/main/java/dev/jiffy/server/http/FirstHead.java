package dev.jiffy.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Closes a connection over which the head of a first request, or the preface of HTTP/2 and the
/// frame behind it, do not come in time, byte by byte or not; removes itself when they have come.
/// Belongs to one connection.
///
/// A head ends with an empty line that follows lines which are not; the preface has two of them.
final class FirstHead extends ChannelInboundHandlerAdapter {
  private static final byte[] PREFACE = {'P', 'R', 'I', ' '};
  private static final int PREFACE_EMPTY_LINES = 2;
  private static final int LENGTH_BYTES = 3;

  private final long timeoutNanos;
  private final AtomicInteger expected;
  private final Runnable late;
  private @Nullable Future<?> timer;
  private int seen;
  private boolean isPreface = true;
  private int lineBytes;
  private int emptyLines;
  private int frameBytes;
  private int frameLength;

  /// @param timeoutNanos how long it may take
  /// @param expected counts the connections that have one of these
  /// @param late is told when time is over
  FirstHead(long timeoutNanos, AtomicInteger expected, Runnable late) {
    this.timeoutNanos = timeoutNanos;
    this.expected = expected;
    this.late = late;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    expected.incrementAndGet();
    timer =
        context
            .executor()
            .schedule(
                () -> {
                  late.run();
                  var _ = context.close();
                },
                timeoutNanos,
                TimeUnit.NANOSECONDS);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    expected.decrementAndGet();
    Future<?> pending = timer;
    if (pending != null) {
      pending.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes) {
      for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
        if (ends(bytes.getByte(i))) {
          context.pipeline().remove(this);
          break;
        }
      }
    }
    context.fireChannelRead(message);
  }

  /// {@return whether what is waited for ends with a byte}
  private boolean ends(byte next) {
    if (emptyLines == PREFACE_EMPTY_LINES) {
      return endsFrame(next);
    }
    if (next == '\n') {
      emptyLines += lineBytes == 0 && seen > 0 ? 1 : 0;
      lineBytes = 0;
      return emptyLines == 1 && !(isPreface && seen == PREFACE.length);
    }
    if (next != '\r') {
      isPreface &= seen >= PREFACE.length || PREFACE[seen] == next;
      seen = Math.min(seen + 1, PREFACE.length);
      lineBytes++;
    }
    return false;
  }

  private boolean endsFrame(byte next) {
    if (frameBytes < LENGTH_BYTES) {
      frameLength = frameLength << Byte.SIZE | Byte.toUnsignedInt(next);
    }
    frameBytes++;
    return frameBytes == Http2CodecUtil.FRAME_HEADER_LENGTH + frameLength;
  }
}
