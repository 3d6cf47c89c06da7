package dev.jiffy.cli;

import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.SafetyOptions;
import dev.jiffy.server.Tls;
import dev.jiffy.server.guard.ApiKeys;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say who may ask a server, and how much.
final class SafetyMixin {
  private static final HttpOptions DEFAULTS = HttpOptions.defaults();

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = "The server's certificate, PEM; with --tls-key connections are encrypted.")
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "The certificate's private key, PEM, not encrypted.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Certificates, PEM, of those who vouch for clients; clients then need one.")
  private @Nullable Path authorities;

  @Option(
      names = "--api-keys",
      paramLabel = "FILE",
      description = {
        "Keys with which clients may ask, one a line, or sha256: and a key's digest. Clients send"
            + " Authorization: Bearer KEY, or X-API-Key: KEY; health needs none.",
        "The file is read anew when it changes."
      })
  private @Nullable Path keys;

  @Option(
      names = "--max-body",
      paramLabel = "BYTES",
      converter = OptionValues.Amount.class,
      description =
          "The largest request, also when it comes compressed; 67108864 by default, and never more"
              + " than a quarter of the heap.")
  private int maxBody = DEFAULTS.maxBodyBytes();

  @Option(
      names = "--max-header",
      paramLabel = "BYTES",
      converter = OptionValues.Amount.class,
      description = "The most bytes of a request's headers; 16384 by default.")
  private int maxHeader = DEFAULTS.maxHeaderBytes();

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      converter = OptionValues.Count.class,
      description = "The most connections at a time; 4096 by default.")
  private int maxConnections = DEFAULTS.maxConnections();

  @Option(
      names = "--idle-timeout",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "After how long an idle connection is closed; 60 by default.")
  private Duration idleTimeout = DEFAULTS.idleTimeout();

  @Option(
      names = "--body-timeout",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "How long a request may take to arrive; 60 by default.")
  private Duration bodyTimeout = DEFAULTS.bodyTimeout();

  /// {@return the options as the server takes them; reads the keys}
  SafetyOptions options() {
    Tls tls = certificate == null || key == null ? null : new Tls(certificate, key, authorities);
    return new SafetyOptions(tls, keys == null ? null : ApiKeys.in(keys));
  }

  /// {@return how a server listens and how much it takes}
  ///
  /// @param host the address or name to listen on
  /// @param port the port, 0 for any free one
  HttpOptions http(String host, int port) {
    return new HttpOptions(
        host,
        port,
        DEFAULTS.eventLoops(),
        maxBody,
        maxHeader,
        maxConnections,
        idleTimeout,
        bodyTimeout);
  }

  /// {@return a warning if anybody who reaches the address may ask, empty if not}
  ///
  /// @param host the address or name that is listened on
  String warning(String host) {
    boolean isHere = host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
    return isHere || keys != null || authorities != null
        ? ""
        : "warning: whoever reaches " + host + " may use the models; --api-keys asks for keys";
  }
}
