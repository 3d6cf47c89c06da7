package dev.jiffy.server.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// Counts a connection until its handshake is over, well or not, or it is closed; has [FirstHead]
/// wait for what HTTP/2 begins with. Puts [StrayResets] and [ResetStreams] behind what decrypts,
/// once that is there. Belongs to one connection.
final class Handshake extends ChannelInboundHandlerAdapter {
  private static final String DECRYPTING = "ssl";

  private final AtomicInteger expected;
  private final Supplier<FirstHead> firstHead;

  /// @param expected counts the connections that have one of these
  /// @param firstHead makes what waits further
  Handshake(AtomicInteger expected, Supplier<FirstHead> firstHead) {
    this.expected = expected;
    this.firstHead = firstHead;
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
    context.pipeline().addAfter(DECRYPTING, null, new ResetStreams());
    context.pipeline().addAfter(DECRYPTING, null, new StrayResets());
    decrypting
        .handshakeFuture()
        .addListener(over -> {
          if (!context.isRemoved()) {
            if (ApplicationProtocolNames.HTTP_2.equals(decrypting.applicationProtocol())) {
              context.pipeline().addAfter(DECRYPTING, null, firstHead.get());
            }
            context.pipeline().remove(this);
          }
        });
    context.fireChannelActive();
  }
}
