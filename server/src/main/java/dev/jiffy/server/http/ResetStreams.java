package dev.jiffy.server.http;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Exception.StreamException;

/// Keeps what goes wrong with one stream of HTTP/2 from ending its connection.
///
/// Vert.x writes the trailers of an answer without a promise. If the client takes its request back
/// while they wait for the window, Netty tells the connection of that instead, which is closed then
/// with all that is under way over it.
@Sharable
final class ResetStreams extends ChannelInboundHandlerAdapter {
  private static final System.Logger LOG = System.getLogger(ResetStreams.class.getName());

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof StreamException) {
      LOG.log(System.Logger.Level.DEBUG, "an answer was taken back", cause);
    } else {
      context.fireExceptionCaught(cause);
    }
  }
}
