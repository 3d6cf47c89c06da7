package dev.jiffy.server.http;

import dev.jiffy.protocol.LogSettings;
import dev.jiffy.protocol.TraceSettings;
import dev.jiffy.server.guard.Rights;
import dev.jiffy.server.watch.Watch;

/// Requests about what is told of requests: how much the log says, and which of them are traced.
final class SettingRequests {
  private final Watch watch;
  private final Rights rights;

  SettingRequests(Watch watch, Rights rights) {
    this.watch = watch;
    this.rights = rights;
  }

  /// {@return how much the log says}
  Reply log() {
    return Reply.json(200, watch.log().settings().toJson());
  }

  /// {@return how much the log says now that it was changed}
  Reply log(byte[] body) {
    rights.checkSettings();
    watch.log().change(LogSettings.fromJson(body));
    return log();
  }

  /// {@return which requests are traced}
  Reply trace(String model) {
    return Reply.json(200, watch.tracing().settings(model).toJson());
  }

  /// {@return which requests are traced now that it was changed}
  Reply trace(String model, byte[] body) {
    rights.checkSettings();
    watch.tracing().change(new TraceSettings(model, TraceSettings.fromJson(body).values()));
    return trace(model);
  }
}
