package dev.jiffy.server.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import java.io.IOException;
import java.lang.System.Logger.Level;

/// Keeps what goes wrong with one stream of HTTP/2 from ending its connection, and from the log.
///
/// Vert.x writes the trailers of an answer without a promise. If the client takes its request back
/// while they wait for the window, Netty tells the connection of that instead, which is closed then
/// with all that is under way over it; or Vert.x itself stumbles, see [StreamEnds]. It would also
/// log as an error that a client broke its connection off. Belongs to one connection, and stands
/// where its bytes are no longer encrypted.
final class ResetStreams extends ChannelDuplexHandler {
  private static final System.Logger LOG = System.getLogger(ResetStreams.class.getName());

  private boolean isWatching;

  /// HTTP/2 begins with settings, before there is a stream.
  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (!isWatching) {
      Http2ConnectionHandler http2 = context.pipeline().get(Http2ConnectionHandler.class);
      if (http2 != null) {
        StreamEnds.watch(http2);
        isWatching = true;
      }
    }
    var _ = context.write(message, promise);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    switch (cause) {
      case StreamException _ -> LOG.log(Level.DEBUG, "an answer was taken back", cause);
      case IOException _ -> {
        LOG.log(Level.DEBUG, "a client broke its connection off", cause);
        var _ = context.close();
      }
      default -> context.fireExceptionCaught(cause);
    }
  }
}
