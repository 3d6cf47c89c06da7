package dev.jiffy.server;

/// The second port, on which models are loaded and unloaded.
///
/// It answers all that the first does as well, but nobody without the token.
///
/// @param host the address or name to listen on
/// @param port the port, 0 for any free one
/// @param token what every request brings as `Authorization: Bearer TOKEN`
public record AdminOptions(String host, int port, Secret token) {
  /// Checks the port.
  public AdminOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("a port is 0 to 65535, got " + port);
    }
  }
}
