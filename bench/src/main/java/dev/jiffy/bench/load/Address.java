package dev.jiffy.bench.load;

import io.vertx.core.net.SocketAddress;
import java.net.URI;

/// Where a server is: at a port, or at a Unix domain socket, as in `unix:/run/jiffy.sock`.
///
/// @param socket what is connected to
/// @param isSecure whether it is asked over TLS
/// @param host its name
/// @param port its port
/// @param prefix what stands before every path, without a slash at its end
record Address(SocketAddress socket, boolean isSecure, String host, int port, String prefix) {
  private static final String UNIX = "unix";

  /// {@return the address that a URI names}
  ///
  /// @param server the URI, which has a host, or names a socket
  static Address of(URI server) {
    if (UNIX.equals(server.getScheme())) {
      String path = server.getSchemeSpecificPart();
      return new Address(SocketAddress.domainSocketAddress(path), false, "localhost", 80, "");
    }
    boolean isSecure = "https".equals(server.getScheme());
    int port = server.getPort() >= 0 ? server.getPort() : isSecure ? 443 : 80;
    return new Address(
        SocketAddress.inetSocketAddress(port, server.getHost()),
        isSecure,
        server.getHost(),
        port,
        server.getRawPath() == null ? "" : server.getRawPath().replaceAll("/+$", ""));
  }
}
