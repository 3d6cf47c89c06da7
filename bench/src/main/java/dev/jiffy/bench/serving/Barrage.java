package dev.jiffy.bench.serving;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/// Connections to a port of this machine, and a client that does as little as a client can. One
/// thread.
final class Barrage implements AutoCloseable {
  private static final int BUFFER = 1 << 18;

  private final List<Connection> connections = new ArrayList<>();
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER);
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);

  private record Connection(SocketChannel channel, Dialect dialect) {}

  /// Connects.
  ///
  /// @param port where
  /// @param count how many connections
  /// @param dialect makes what is spoken on each
  Barrage(int port, int count, Supplier<Dialect> dialect) throws IOException {
    for (int i = 0; i < count; i++) {
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      Connection connection = new Connection(channel, dialect.get());
      connections.add(connection);
      out.put(connection.dialect.opening());
      write(channel);
    }
  }

  private void write(SocketChannel channel) throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
    out.clear();
  }

  /// Asks, and goes on with what could not be sent before.
  ///
  /// @param count how many more requests
  private void ask(Connection connection, int count) throws IOException {
    connection.dialect.request(count);
    boolean isMore = true;
    while (isMore) {
      isMore = connection.dialect.write(out);
      write(connection.channel);
    }
  }

  /// {@return how many answers have ended}
  private int read(Connection connection) throws IOException {
    in.clear();
    if (connection.channel.read(in) < 0) {
      throw new IOException("the server hung up");
    }
    return connection.dialect.ended(in.flip());
  }

  /// Asks one request after the other over the first connection.
  ///
  /// @param nanos for how long
  /// @param times takes how long each took, in nanoseconds
  void oneByOne(long nanos, Histogram times) throws IOException {
    Connection connection = connections.getFirst();
    connection.channel.configureBlocking(true);
    long end = System.nanoTime() + nanos;
    long now;
    do {
      long begin = System.nanoTime();
      ask(connection, 1);
      int ended = read(connection);
      while (ended == 0) {
        ask(connection, 0);
        ended = read(connection);
      }
      now = System.nanoTime();
      times.recordValue(now - begin);
    } while (now < end);
  }

  /// {@return the requests answered a second, where each answer is followed by the next request}
  ///
  /// @param nanos for how long
  /// @param depth how many requests are under way on each connection
  double sideBySide(long nanos, int depth) throws IOException {
    try (Selector selector = Selector.open()) {
      for (Connection connection : connections) {
        connection.channel.configureBlocking(false);
        connection.channel.register(selector, SelectionKey.OP_READ, connection);
        ask(connection, depth);
      }
      long begin = System.nanoTime();
      long answered = 0;
      int open = depth * connections.size();
      while (open > 0) {
        boolean goesOn = System.nanoTime() - begin < nanos;
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          Connection connection = (Connection) key.attachment();
          int ended = read(connection);
          if (goesOn) {
            answered += ended;
          } else {
            open -= ended;
          }
          ask(connection, goesOn ? ended : 0);
        }
        selector.selectedKeys().clear();
      }
      return answered * 1e9 / nanos;
    }
  }

  @Override
  public void close() throws IOException {
    for (Connection connection : connections) {
      connection.channel.close();
    }
  }
}
