package dev.jiffy.server;

import java.time.Duration;

/// How the server listens and how much it takes.
///
/// @param host the address or name to listen on
/// @param port the port, 0 for any free one
/// @param eventLoops the threads that read and write
/// @param maxBodyBytes the largest body, also when it comes compressed, in bytes
/// @param maxHeaderBytes the largest sum of a request's headers in bytes
/// @param maxConnections the most connections at a time
/// @param idleTimeout how long a connection may lie idle
/// @param bodyTimeout how long a request may take to arrive
public record HttpOptions(
    String host,
    int port,
    int eventLoops,
    int maxBodyBytes,
    int maxHeaderBytes,
    int maxConnections,
    Duration idleTimeout,
    Duration bodyTimeout) {
  /// Checks the numbers.
  public HttpOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("a port is 0 to 65535, got " + port);
    }
    if (eventLoops < 1 || maxBodyBytes < 1 || maxHeaderBytes < 1 || maxConnections < 1) {
      throw new IllegalArgumentException("event loops and limits must be at least 1");
    }
    if (idleTimeout.toMillis() < 1 || bodyTimeout.toMillis() < 1) {
      throw new IllegalArgumentException("timeouts must be at least 1 ms");
    }
  }

  /// {@return this machine only, port 8000, one event loop, bodies up to 64 MiB, headers up to 16
  /// KiB, 4096 connections, a minute to idle and a minute for a request to arrive}
  public static HttpOptions defaults() {
    return new HttpOptions(
        "127.0.0.1",
        8000,
        1,
        64 << 20,
        16 << 10,
        4096,
        Duration.ofMinutes(1),
        Duration.ofMinutes(1));
  }

  /// {@return these options with another address}
  ///
  /// @param address the address or name to listen on
  public HttpOptions host(String address) {
    return new HttpOptions(
        address,
        port,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        maxConnections,
        idleTimeout,
        bodyTimeout);
  }

  /// {@return these options with another port}
  ///
  /// @param number the port, 0 for any free one
  public HttpOptions port(int number) {
    return new HttpOptions(
        host,
        number,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        maxConnections,
        idleTimeout,
        bodyTimeout);
  }

  /// {@return these options with another number of event loops}
  ///
  /// @param count the threads that read and write
  public HttpOptions eventLoops(int count) {
    return new HttpOptions(
        host, port, count, maxBodyBytes, maxHeaderBytes, maxConnections, idleTimeout, bodyTimeout);
  }

  /// {@return these options with another limit of bodies}
  ///
  /// @param bytes the largest body in bytes
  public HttpOptions maxBodyBytes(int bytes) {
    return new HttpOptions(
        host, port, eventLoops, bytes, maxHeaderBytes, maxConnections, idleTimeout, bodyTimeout);
  }

  /// {@return these options with other timeouts}
  ///
  /// @param idle how long a connection may lie idle
  /// @param body how long a request may take to arrive
  public HttpOptions timeouts(Duration idle, Duration body) {
    return new HttpOptions(
        host, port, eventLoops, maxBodyBytes, maxHeaderBytes, maxConnections, idle, body);
  }
}
