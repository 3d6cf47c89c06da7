package dev.jiffy.cli;

import dev.jiffy.server.WatchOptions;
import dev.jiffy.server.WatchOptions.Names;
import dev.jiffy.server.telemetry.TelemetryOptions;
import dev.jiffy.server.watch.AccessLog;
import dev.jiffy.server.watch.LogFormat;
import dev.jiffy.server.watch.ServerLog;
import dev.jiffy.server.watch.ServerLog.Verbosity;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say what is told of a server, and to whom.
final class WatchMixin {
  @Option(
      names = "--metrics",
      paramLabel = "off|jiffy|triton",
      description = {
        "What /metrics tells scrapers such as Prometheus: nothing, Jiffy's metrics (the default),"
            + " or the same counts under Triton's names as well.",
        "docs/operations.md says what each metric means."
      })
  private Names metrics = Names.JIFFY;

  @Option(
      names = "--access-log",
      paramLabel = "FILE|-",
      description = {
        "Writes one line of JSON for each request to a file, or to standard output; off by"
            + " default.",
        "Lines that come faster than they can be written are dropped and counted."
      })
  private @Nullable String accessLog;

  @Option(
      names = "--log-level",
      paramLabel = "off|error|warning|info|debug",
      description = {
        "How much the server says of itself on standard error; info by default. With debug also a"
            + " line for each request.",
        "The protocol's extension 'logging' changes it while the server runs."
      })
  private Verbosity verbosity = Verbosity.INFO;

  @Option(
      names = "--log-format",
      paramLabel = "default|ISO8601|json",
      description = "The form of a line on standard error.")
  private LogFormat logFormat = LogFormat.DEFAULT;

  @Option(
      names = "--otlp",
      paramLabel = "URL",
      description = {
        "Sends traces and metrics to an OpenTelemetry collector, such as http://localhost:4318;"
            + " off by default.",
        "Traces continue those that callers name in the header traceparent."
      })
  private @Nullable URI collector;

  @Option(
      names = "--otlp-header",
      paramLabel = "NAME=VALUE",
      hideParamSyntax = true,
      split = Configuration.BETWEEN,
      description = "A header for the collector, such as a key; may be said more than once.")
  private Map<String, String> collectorHeaders = Map.of();

  @Option(
      names = "--otlp-interval",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "How often metrics are sent to the collector; 60 by default.")
  private Duration collectorInterval = Duration.ofMinutes(1);

  @Option(
      names = "--service-name",
      paramLabel = "NAME",
      description = "The name under which traces and metrics appear; jiffy by default.")
  private String service = "jiffy";

  @Option(
      names = "--trace-sample",
      paramLabel = "PART",
      converter = OptionValues.Part.class,
      description = {
        "The part of requests that are traced, 0 to 1; 1 by default.",
        "Where the caller has decided, that counts. The protocol's extension 'trace' changes it"
            + " while the server runs."
      })
  private double sampled = 1;

  /// {@return the options as the server takes them; opens the access log, and takes over the log of
  /// the process}
  ///
  /// @param standardOutput where an access log goes that is no file
  /// @param standardError where the log goes, and lines about requests if only it asks for them
  WatchOptions options(OutputStream standardOutput, OutputStream standardError) {
    AccessLog requests =
        switch (accessLog) {
          case null -> AccessLog.silent(standardError);
          case "-" -> AccessLog.to(standardOutput);
          default -> AccessLog.to(Path.of(accessLog));
        };
    ServerLog log =
        ServerLog.start(standardError, verbosity, logFormat, requests, accessLog != null);
    TelemetryOptions telemetry =
        collector == null
            ? null
            : new TelemetryOptions(
                collector, service, sampled, collectorInterval, collectorHeaders);
    return new WatchOptions(metrics, telemetry, List.of(requests), log);
  }
}
