package dev.jiffy.bench.load;

import java.net.URI;

/// Where a server is.
///
/// @param isSecure whether it is asked over TLS
/// @param host its name
/// @param port its port
/// @param prefix what stands before every path, without a slash at its end
record Address(boolean isSecure, String host, int port, String prefix) {
  /// {@return the address that a URI names}
  ///
  /// @param server the URI, which has a host
  static Address of(URI server) {
    boolean isSecure = "https".equals(server.getScheme());
    return new Address(
        isSecure,
        server.getHost(),
        server.getPort() >= 0 ? server.getPort() : isSecure ? 443 : 80,
        server.getRawPath() == null ? "" : server.getRawPath().replaceAll("/+$", ""));
  }
}
