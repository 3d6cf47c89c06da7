package dev.jiffy.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.util.List;

/// Passes on what a client says over HTTP/2, save that it takes back a request that never came.
///
/// gRPC's clients in C++, Python, C#, PHP and Ruby say so of a call that is cancelled before its
/// head is written. Netty would end the connection, with all that is under way over it, as RFC 9113
/// (5.1) has it. Of what is not HTTP/2 all is passed on, and this goes. Belongs to one connection,
/// and stands where its bytes are no longer encrypted.
final class StrayResets extends ByteToMessageDecoder {
  private static final int HEAD_BYTES = Http2CodecUtil.FRAME_HEADER_LENGTH;
  private static final int RESET_BYTES = HEAD_BYTES + Http2CodecUtil.INT_FIELD_LENGTH;

  private static final ByteBuf PREFACE = Http2CodecUtil.connectionPrefaceBuf();

  private boolean isBegun;

  /// How many bytes of the last frame are still to come.
  private int rest;

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    if (isBegun || begins(context, in)) {
      pass(context, in, out);
    }
  }

  private boolean begins(ChannelHandlerContext context, ByteBuf in) {
    int known = Math.min(in.readableBytes(), PREFACE.readableBytes());
    if (!ByteBufUtil.equals(in, in.readerIndex(), PREFACE, 0, known)) {
      context.pipeline().remove(this);
    } else if (known == PREFACE.readableBytes()) {
      isBegun = true;
      rest = known;
    }
    return isBegun;
  }

  private void pass(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    int from = in.readerIndex();
    int frame = from + rest;
    while (frame + HEAD_BYTES <= in.writerIndex()) {
      if (in.getByte(frame + 3) == Http2FrameTypes.RST_STREAM) {
        if (frame > from) {
          break; // whether its stream is known depends on what is before it
        }
        if (in.readableBytes() < RESET_BYTES) {
          return;
        }
        if (isStray(context, in)) {
          in.skipBytes(RESET_BYTES);
          return;
        }
      }
      frame += HEAD_BYTES + in.getUnsignedMedium(frame);
    }
    int to = Math.min(frame, in.writerIndex());
    rest = frame - to;
    if (to > from) {
      out.add(in.readRetainedSlice(to - from));
    }
  }

  /// {@return whether a reset is of a stream that never was}
  private static boolean isStray(ChannelHandlerContext context, ByteBuf in) {
    int frame = in.readerIndex();
    int stream = in.getInt(frame + HEAD_BYTES - Integer.BYTES) & Integer.MAX_VALUE;
    Http2ConnectionHandler http2 = context.pipeline().get(Http2ConnectionHandler.class);
    return http2 != null
        && in.getUnsignedMedium(frame) == RESET_BYTES - HEAD_BYTES
        && http2.connection().remote().isValidStreamId(stream)
        && !http2.connection().streamMayHaveExisted(stream);
  }
}
