package dev.jiffy.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Stream;

/// Tells Vert.x what becomes of the streams of a connection, and looks over it where it stumbles.
///
/// When a stream ends, Vert.x fails the promises of what still waits to be written, and the
/// trailers of an answer have none. Netty would log each such `NullPointerException` as an error,
/// so that a client that takes back what it asked for could fill the log. The trailers are the last
/// that waits: nothing else is left undone.
final class StreamEnds implements Http2Connection.Listener {
  private static final System.Logger LOG = System.getLogger(StreamEnds.class.getName());

  private final Http2Connection.Listener listener;

  StreamEnds(Http2Connection.Listener listener) {
    this.listener = listener;
  }

  /// Stands between a connection and Vert.x from now on.
  static void watch(Http2ConnectionHandler http2) {
    if (http2 instanceof Http2Connection.Listener listener) {
      http2.connection().removeListener(listener);
      http2.connection().addListener(new StreamEnds(listener));
    }
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    try {
      listener.onStreamClosed(stream);
    } catch (NullPointerException e) {
      if (!isOfWhatWaits(e)) {
        throw e;
      }
      LOG.log(System.Logger.Level.DEBUG, "an answer was taken back whose trailers waited", e);
    }
  }

  /// {@return whether a message that waits could not be told that it will not be written}
  ///
  /// The JVM leaves traces out where the same happens again and again.
  private static boolean isOfWhatWaits(NullPointerException e) {
    StackTraceElement[] trace = e.getStackTrace();
    return trace.length == 0 || trace[0].getMethodName().equals("cancel");
  }

  @Override
  public void onStreamAdded(Http2Stream stream) {
    listener.onStreamAdded(stream);
  }

  @Override
  public void onStreamActive(Http2Stream stream) {
    listener.onStreamActive(stream);
  }

  @Override
  public void onStreamHalfClosed(Http2Stream stream) {
    listener.onStreamHalfClosed(stream);
  }

  @Override
  public void onStreamRemoved(Http2Stream stream) {
    listener.onStreamRemoved(stream);
  }

  @Override
  public void onGoAwaySent(int lastStream, long code, ByteBuf why) {
    listener.onGoAwaySent(lastStream, code, why);
  }

  @Override
  public void onGoAwayReceived(int lastStream, long code, ByteBuf why) {
    listener.onGoAwayReceived(lastStream, code, why);
  }
}
