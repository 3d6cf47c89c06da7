package dev.jiffy.server.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.atomic.AtomicInteger;

/// Counts a connection until its handshake is over, well or not, or it is closed; puts
/// [StrayResets] behind what decrypts, once that is there. Belongs to one connection.
final class Handshake extends ChannelInboundHandlerAdapter {
  private final AtomicInteger expected;

  /// @param expected counts the connections that have one of these
  Handshake(AtomicInteger expected) {
    this.expected = expected;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    expected.incrementAndGet();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    expected.decrementAndGet();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    SslHandler decrypting = context.pipeline().get(SslHandler.class);
    context.pipeline().addAfter("ssl", null, new StrayResets());
    decrypting
        .handshakeFuture()
        .addListener(over -> {
          if (!context.isRemoved()) {
            context.pipeline().remove(this);
          }
        });
    context.fireChannelActive();
  }
}
