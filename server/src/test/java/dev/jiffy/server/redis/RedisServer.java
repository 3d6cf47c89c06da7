package dev.jiffy.server.redis;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A Redis server for tests: the real one where it is installed, and one that speaks as much of its
/// protocol as is needed here, and can fall silent.
public interface RedisServer extends AutoCloseable {
  /// {@return the port on this machine}
  int port();

  @Override
  void close();

  /// {@return the kinds of servers that can be started here}
  static List<String> kinds() {
    return Files.isExecutable(Real.PROGRAM) ? List.of("stand-in", "real") : List.of("stand-in");
  }

  /// {@return a server that has started}
  ///
  /// @param kind one of the kinds
  /// @param folder where it may write
  /// @throws IOException if it does not start
  static RedisServer start(String kind, Path folder) throws IOException {
    return kind.equals("real") ? Real.start(folder) : new StandIn(0);
  }

  /// The real server, as a process of its own that keeps nothing on disk.
  ///
  /// @param process the process
  /// @param port the port on this machine
  record Real(Process process, int port) implements RedisServer {
    static final Path PROGRAM = Path.of("/usr/bin/redis-server");

    /// Somebody else may take the port before it does: it tries others then.
    static Real start(Path folder) throws IOException {
      for (int i = 0; i < 5; i++) {
        Real server = begin(folder);
        if (server.isReady()) {
          return server;
        }
        server.close();
      }
      throw new IOException(Files.readString(folder.resolve("redis.log")));
    }

    private static Real begin(Path folder) throws IOException {
      int port;
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = free.getLocalPort();
      }
      Process process =
          new ProcessBuilder(
                  PROGRAM.toString(),
                  "--port",
                  Integer.toString(port),
                  "--bind",
                  "127.0.0.1",
                  "--save",
                  "",
                  "--appendonly",
                  "no",
                  "--requirepass",
                  "secret",
                  "--dir",
                  folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("redis.log").toFile())
              .start();
      return new Real(process, port);
    }

    /// {@return whether it answers who knows its password}
    private boolean isReady() {
      byte[] expected = "+OK\r\n+PONG\r\n".getBytes(StandardCharsets.ISO_8859_1);
      for (int i = 0; i < 500 && process.isAlive(); i++) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          socket.setSoTimeout(10_000);
          socket
              .getOutputStream()
              .write("AUTH secret\r\nPING\r\n".getBytes(StandardCharsets.ISO_8859_1));
          return Arrays.equals(expected, socket.getInputStream().readNBytes(expected.length));
        } catch (IOException e) {
          pause();
        }
      }
      return false;
    }

    private static void pause() {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Speaks `AUTH`, `GET` and `SET … PX` of the protocol RESP 2.
  final class StandIn implements RedisServer {
    private final ServerSocket listener;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private final List<Socket> sockets = new ArrayList<>();
    private final Map<Socket, ByteArrayOutputStream> held = new HashMap<>();
    private int connections;
    private boolean isHolding;
    private volatile boolean isSilent;
    private volatile @Nullable String told;

    private static final class Entry {
      private final byte[] value;
      private final long untilNanos;

      Entry(byte[] value, long untilNanos) {
        this.value = value;
        this.untilNanos = untilNanos;
      }
    }

    /// A server that listens.
    ///
    /// @param port the port, 0 for a free one
    /// @throws IOException if it cannot be listened on
    public StandIn(int port) throws IOException {
      listener = listening(port);
      Thread.ofPlatform().daemon(true).name("redis").start(this::accept);
    }

    @Override
    public int port() {
      return listener.getLocalPort();
    }

    /// A port that was just left may be taken for a moment.
    private static ServerSocket listening(int port) throws IOException {
      for (int i = 0; true; i++) {
        try {
          return new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
        } catch (BindException e) {
          if (i == 200) {
            throw e;
          }
          Real.pause();
        }
      }
    }

    /// Closes all connections, and takes new ones.
    void hangUp() throws IOException {
      synchronized (sockets) {
        for (Socket socket : sockets) {
          socket.close();
        }
        sockets.clear();
      }
    }

    /// Answers nothing any more, but goes on reading; or answers again.
    ///
    /// @param yes whether it falls silent
    public void silent(boolean yes) {
      isSilent = yes;
    }

    /// Keeps its answers to itself, or gives all of them.
    ///
    /// @param yes whether it keeps them
    void hold(boolean yes) throws IOException {
      synchronized (sockets) {
        isHolding = yes;
        if (!yes) {
          for (Socket socket : sockets) {
            ByteArrayOutputStream answers = held.remove(socket);
            if (answers != null) {
              socket.getOutputStream().write(answers.toByteArray());
            }
          }
        }
      }
    }

    private boolean isHeld(Socket socket, byte[] answer) {
      synchronized (sockets) {
        if (isHolding) {
          held.computeIfAbsent(socket, _ -> new ByteArrayOutputStream()).writeBytes(answer);
        }
        return isHolding;
      }
    }

    /// {@return how often somebody has connected}
    int connections() {
      synchronized (sockets) {
        return connections;
      }
    }

    /// {@return how many connections there are}
    int open() {
      synchronized (sockets) {
        return sockets.size();
      }
    }

    /// Answers everything with a line, or as it should again.
    ///
    /// @param line the line without its end, null for none
    void tell(@Nullable String line) {
      told = line;
    }

    private void accept() {
      while (!listener.isClosed()) {
        try {
          Socket socket = listener.accept();
          synchronized (sockets) {
            sockets.add(socket);
            connections++;
          }
          Thread.ofPlatform().daemon(true).name("redis").start(() -> serve(socket));
        } catch (IOException e) {
          return; // closed
        }
      }
    }

    private void serve(Socket socket) {
      try (socket) {
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        OutputStream out = socket.getOutputStream();
        while (true) {
          List<byte[]> words = new ArrayList<>();
          int count = number(in, '*');
          for (int i = 0; i < count; i++) {
            byte[] word = new byte[number(in, '$')];
            in.readFully(word);
            in.readFully(new byte[2]);
            words.add(word);
          }
          byte[] answer = answer(words);
          if (!isSilent && !isHeld(socket, answer)) {
            out.write(answer);
            out.flush();
          }
        }
      } catch (IOException e) {
        // the client has gone
      } finally {
        synchronized (sockets) {
          sockets.remove(socket);
        }
      }
    }

    private static int number(DataInputStream in, char kind) throws IOException {
      if (in.readByte() != kind) {
        throw new IOException("no " + kind);
      }
      StringBuilder digits = new StringBuilder();
      for (byte b = in.readByte(); b != '\r'; b = in.readByte()) {
        digits.append((char) b);
      }
      in.readByte();
      return Integer.parseInt(digits.toString());
    }

    private static byte[] line(String text) {
      return (text + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    private byte[] answer(List<byte[]> words) {
      String line = told;
      if (line != null) {
        return line(line);
      }
      List<String> texts =
          words.stream().map(word -> new String(word, StandardCharsets.ISO_8859_1)).toList();
      return switch (texts.getFirst().toUpperCase(Locale.ROOT)) {
        case "AUTH", "SELECT", "CLIENT" -> line("+OK");
        case "PING" -> line("+PONG");
        case "SET" -> {
          long millis = Long.parseLong(texts.get(4));
          long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
          entries.put(texts.get(1), new Entry(words.get(2), until));
          yield line("+OK");
        }
        case "GET" -> {
          Entry entry = entries.get(texts.get(1));
          if (entry == null || System.nanoTime() - entry.untilNanos > 0) {
            yield line("$-1");
          }
          byte[] value = entry.value;
          byte[] head = line("$" + value.length);
          byte[] all = Arrays.copyOf(head, head.length + value.length + 2);
          System.arraycopy(value, 0, all, head.length, value.length);
          all[all.length - 2] = '\r';
          all[all.length - 1] = '\n';
          yield all;
        }
        default -> line("-ERR unknown command"); // HELLO too, as before version 6
      };
    }

    @Override
    public void close() {
      try {
        listener.close();
        hangUp();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
