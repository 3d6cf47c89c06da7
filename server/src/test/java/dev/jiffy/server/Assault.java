package dev.jiffy.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Sends bytes to a port, each over a connection of its own, and tells what came back until the
/// server hung up: at the latest when its client says that it will send no more.
final class Assault {
  private static final long PATIENCE_MILLIS = 20;
  private static final long HANG_MILLIS = 60_000;
  private static final byte[] LAST =
      "GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.ISO_8859_1);

  private final int port;

  Assault(int port) {
    this.port = port;
  }

  /// {@return what came back for each, side by side, where nobody knows what is to come}
  ///
  /// A client waits a while for more once the server has answered what came last.
  ///
  /// @throws SocketTimeoutException if the server does not hang up
  List<byte[]> all(List<byte[]> requests) throws IOException {
    List<Socket> sockets = sent(requests);
    answers(sent(List.of(LAST)), HANG_MILLIS, answer -> false);
    return answers(sockets, PATIENCE_MILLIS, answer -> false);
  }

  /// {@return what came back for each, side by side}
  ///
  /// @param isWhole whether nothing more is to come; if it never says so, the server is to hang up
  /// @throws SocketTimeoutException if the server does not hang up
  List<byte[]> whole(List<byte[]> requests, Predicate<byte[]> isWhole) throws IOException {
    return answers(sent(requests), HANG_MILLIS, isWhole);
  }

  private List<Socket> sent(List<byte[]> requests) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (byte[] request : requests) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      sockets.add(socket);
      write(socket, request);
    }
    return sockets;
  }

  private static List<byte[]> answers(
      List<Socket> sockets, long patienceMillis, Predicate<byte[]> isWhole) throws IOException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    List<byte[]> answers = new ArrayList<>();
    for (Socket socket : sockets) {
      try (socket) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (!read(socket, answer, Math.max(1, left), isWhole)) {
          finish(socket);
          if (!read(socket, answer, HANG_MILLIS, more -> false)) {
            throw new SocketTimeoutException("the server does not hang up");
          }
        }
        answers.add(answer.toByteArray());
      }
    }
    return answers;
  }

  /// {@return whether all was sent; not if the server did not wait for the end}
  private static boolean write(Socket socket, byte[] request) throws IOException {
    try {
      socket.getOutputStream().write(request);
      return true;
    } catch (SocketException e) {
      return false;
    }
  }

  /// {@return whether the server was told that no more comes; not if it was faster}
  private static boolean finish(Socket socket) throws IOException {
    try {
      socket.shutdownOutput();
      return true;
    } catch (SocketException e) {
      return false;
    }
  }

  /// {@return whether the end was reached before the answer was whole or nothing came for a while}
  private static boolean read(
      Socket socket, ByteArrayOutputStream answer, long millis, Predicate<byte[]> isWhole)
      throws IOException {
    socket.setSoTimeout((int) millis);
    InputStream in = socket.getInputStream();
    byte[] part = new byte[8192];
    try {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        answer.write(part, 0, n);
        if (isWhole.test(answer.toByteArray())) {
          return false;
        }
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) { // it reset the connection
      return true;
    }
  }
}
