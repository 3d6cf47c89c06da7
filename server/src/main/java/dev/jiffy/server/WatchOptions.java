package dev.jiffy.server;

import dev.jiffy.server.telemetry.TelemetryOptions;
import dev.jiffy.server.watch.ServerLog;
import dev.jiffy.server.watch.Watcher;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is told of a server, and to whom.
///
/// @param metrics under which names `/metrics` tells what is counted
/// @param telemetry where traces and metrics are sent, null for nowhere
/// @param watchers who is told of each request; the server closes them
/// @param log what the process says of itself, which clients may then change; null where that is
///   not the server's concern
public record WatchOptions(
    Names metrics,
    @Nullable TelemetryOptions telemetry,
    List<Watcher> watchers,
    @Nullable ServerLog log) {
  /// The names of metrics.
  public enum Names {
    /// There is no `/metrics`.
    OFF,
    /// Jiffy's own.
    JIFFY,
    /// Jiffy's own, and those that Triton uses.
    TRITON
  }

  /// Keeps the watchers.
  public WatchOptions {
    watchers = List.copyOf(watchers);
  }

  /// {@return `/metrics` under Jiffy's own names, and nothing else}
  public static WatchOptions defaults() {
    return new WatchOptions(Names.JIFFY, null, List.of(), null);
  }

  /// {@return these options with other names}
  ///
  /// @param names the names of metrics
  public WatchOptions metrics(Names names) {
    return new WatchOptions(names, telemetry, watchers, log);
  }

  /// {@return these options with a collector}
  ///
  /// @param options where traces and metrics are sent, null for nowhere
  public WatchOptions telemetry(@Nullable TelemetryOptions options) {
    return new WatchOptions(metrics, options, watchers, log);
  }

  /// {@return these options with other watchers}
  ///
  /// @param those who is told of each request
  public WatchOptions watchers(List<Watcher> those) {
    return new WatchOptions(metrics, telemetry, those, log);
  }

  /// {@return these options with a log}
  ///
  /// @param told what the process says of itself, null where that is not the server's concern
  public WatchOptions log(@Nullable ServerLog told) {
    return new WatchOptions(metrics, telemetry, watchers, told);
  }
}
