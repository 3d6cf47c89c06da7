package dev.jiffy.server.http;

import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Event;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.transport.Transport;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The JDK's sockets, with an eye on connections that have just come.
///
/// Vert.x tells of a connection when the head of its first request is there, or the first frame of
/// HTTP/2, or, where it speaks HTTP/1.1 over TLS, when its handshake is over. Until then it is
/// counted here, and one of too many is turned away; one whose head or frame does not come is
/// closed. Handshakes have a time of their own. Shared between threads.
public final class Arrivals implements Transport, io.vertx.core.transport.Transport {
  private final Transport sockets = io.vertx.core.transport.Transport.NIO.implementation();
  private final AtomicInteger expected = new AtomicInteger();
  private final HttpOptions options;
  private final Traffic traffic;

  /// Nobody yet.
  ///
  /// @param options how many connections may be there, and how long they may say nothing
  /// @param traffic counts them
  public Arrivals(HttpOptions options, Traffic traffic) {
    this.options = options;
    this.traffic = traffic;
  }

  @Override
  public void configure(
      NetServerOptions listening, boolean isDomainSocket, ServerBootstrap bootstrap) {
    sockets.configure(listening, isDomainSocket, bootstrap);
    bootstrap.handler(new Door(listening.isSsl()));
  }

  /// Sees each connection before it is anybody's.
  @Sharable
  private final class Door extends ChannelInboundHandlerAdapter {
    private final boolean hasHandshake;

    Door(boolean hasHandshake) {
      this.hasHandshake = hasHandshake;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      Channel connection = (Channel) message;
      if (expected.get() >= options.maxConnections()) {
        traffic.connection(Event.TURNED_AWAY);
        connection.unsafe().closeForcibly();
        return;
      }
      if (hasHandshake) {
        connection.pipeline().addFirst(new Handshake(expected, this::firstHead));
      } else {
        connection.pipeline().addFirst(firstHead(), new StrayResets(), new ResetStreams());
      }
      context.fireChannelRead(message);
    }

    private FirstHead firstHead() {
      return new FirstHead(
          options.idleTimeout().toNanos(), expected, () -> traffic.connection(Event.TIMED_OUT));
    }
  }

  // ---- what the JDK's sockets do

  @Override
  public String name() {
    return "arrivals";
  }

  @Override
  public boolean available() {
    return true;
  }

  @Override
  public @Nullable Throwable unavailabilityCause() {
    return null;
  }

  @Override
  public Transport implementation() {
    return this;
  }

  @Override
  public boolean supportsDomainSockets() {
    return sockets.supportsDomainSockets();
  }

  @Override
  public java.net.SocketAddress convert(SocketAddress address) {
    return sockets.convert(address);
  }

  @Override
  public SocketAddress convert(java.net.SocketAddress address) {
    return sockets.convert(address);
  }

  @Override
  public IoHandlerFactory ioHandlerFactory() {
    return sockets.ioHandlerFactory();
  }

  @Override
  public EventLoopGroup eventLoopGroup(int type, int threads, ThreadFactory factory, int ioRatio) {
    return sockets.eventLoopGroup(type, threads, factory, ioRatio);
  }

  @Override
  public DatagramChannel datagramChannel() {
    return sockets.datagramChannel();
  }

  @Override
  @SuppressWarnings("deprecation") // as the interface has it
  public DatagramChannel datagramChannel(InternetProtocolFamily family) {
    return sockets.datagramChannel(family);
  }

  @Override
  public ChannelFactory<? extends Channel> channelFactory(boolean isDomainSocket) {
    return sockets.channelFactory(isDomainSocket);
  }

  @Override
  public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean isDomainSocket) {
    return sockets.serverChannelFactory(isDomainSocket);
  }
}
