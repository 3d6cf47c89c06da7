package dev.jiffy.server.grpc;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;

/// Who calls.
public final class Callers {
  private Callers() {}

  /// {@return the address of a client, `unix` for one that came over a Unix domain socket}
  ///
  /// @param request its request
  public static String address(HttpServerRequest request) {
    SocketAddress address = request.remoteAddress();
    return address == null || address.isDomainSocket() ? "unix" : address.toString();
  }
}
