package dev.jiffy.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/// Sends bytes to a port, each over a connection of its own, and tells what came back until the
/// server hung up.
final class Assault {
  private static final int PATIENCE_MILLIS = 20;
  private static final int HANG_MILLIS = 20_000;

  private final int port;

  Assault(int port) {
    this.port = port;
  }

  /// {@return what came back for each, side by side}
  ///
  /// A client that has waited a while for more says that it will send no more, upon which the
  /// server must hang up.
  ///
  /// @throws SocketTimeoutException if it does not
  List<byte[]> all(List<byte[]> requests) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (byte[] request : requests) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      sockets.add(socket);
      write(socket, request);
    }
    List<byte[]> answers = new ArrayList<>();
    int patience = PATIENCE_MILLIS;
    for (Socket socket : sockets) {
      try (socket) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        if (!read(socket, answer, patience)) {
          patience = 1; // the others have had the time as well
          finish(socket);
          if (!read(socket, answer, HANG_MILLIS)) {
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

  /// {@return whether the end was reached before nothing came for a while}
  private static boolean read(Socket socket, ByteArrayOutputStream answer, int millis)
      throws IOException {
    socket.setSoTimeout(millis);
    InputStream in = socket.getInputStream();
    byte[] part = new byte[8192];
    try {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        answer.write(part, 0, n);
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) { // it reset the connection
      return true;
    }
  }
}
