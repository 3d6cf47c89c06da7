package dev.jiffy.server.watch;

import dev.jiffy.protocol.LogSettings;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.ErrorManager;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What the process says of itself while it serves, one line for each message; how much that is,
/// and in which form, can be changed meanwhile. Shared between threads.
///
/// It takes the place of the handlers of `java.util.logging` until it is closed, so a process has
/// one at most, and none where the program around the server logs in its own way.
///
/// Source: Triton's extension `logging`, in which requests are told from verbose level 1 on: the
/// access log is off below.
public final class ServerLog implements AutoCloseable {
  private static final String FILE = "log_file";
  private static final String INFO = "log_info";
  private static final String WARNING = "log_warning";
  private static final String ERROR = "log_error";
  private static final String VERBOSE = "log_verbose_level";
  private static final String FORMAT = "log_format";
  private static final long MOST_VERBOSE = 0xffff_ffffL;

  private final OutputStream out;
  private final AccessLog requests;
  private final Lines lines = new Lines();
  private final List<Handler> before;
  private final Level levelBefore;
  private volatile Settings settings;

  /// How much is said.
  public enum Verbosity {
    /// Nothing.
    OFF(false, false, false, 0),
    /// What failed.
    ERROR(true, false, false, 0),
    /// What may be amiss as well.
    WARNING(true, true, false, 0),
    /// What happens as well.
    INFO(true, true, true, 0),
    /// A line for each request as well, and what helps to find faults.
    DEBUG(true, true, true, 2);

    private final boolean error;
    private final boolean warning;
    private final boolean info;
    private final long verboseLevel;

    Verbosity(boolean error, boolean warning, boolean info, long verboseLevel) {
      this.error = error;
      this.warning = warning;
      this.info = info;
      this.verboseLevel = verboseLevel;
    }
  }

  /// How much is said, and in which form.
  ///
  /// @param error whether failures are told
  /// @param warning whether it is told what may be amiss
  /// @param info whether it is told what happens
  /// @param verboseLevel 0 for no more than that, from 1 on requests as well, from 2 on what helps
  ///   to find faults, from 3 on all there is
  /// @param format the form of a line
  private record Settings(
      boolean error, boolean warning, boolean info, long verboseLevel, LogFormat format) {
    boolean tells(Level level) {
      int value = level.intValue();
      if (value >= Level.SEVERE.intValue()) {
        return error;
      }
      if (value >= Level.WARNING.intValue()) {
        return warning;
      }
      if (value >= Level.CONFIG.intValue()) {
        return info;
      }
      return verboseLevel >= (value >= Level.FINE.intValue() ? 2 : 3);
    }

    Level least() {
      return verboseLevel >= 3 ? Level.ALL : verboseLevel == 2 ? Level.FINE : Level.CONFIG;
    }
  }

  private final class Lines extends Handler {
    @Override
    public void publish(LogRecord message) {
      Settings now = settings;
      if (now.tells(message.getLevel())) {
        write(now.format.line(message));
      }
    }

    private synchronized void write(byte[] line) {
      try {
        out.write(line);
        out.flush();
      } catch (IOException e) {
        reportError(null, e, ErrorManager.WRITE_FAILURE);
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private ServerLog(OutputStream out, AccessLog requests, Settings settings) {
    this.out = out;
    this.requests = requests;
    this.settings = settings;
    Logger root = Logger.getLogger("");
    this.before = List.of(root.getHandlers());
    this.levelBefore = root.getLevel();
    before.forEach(root::removeHandler);
    root.addHandler(lines);
    apply(settings);
  }

  /// {@return the log of this process, from now on}
  ///
  /// @param out where lines go; flushed and not closed
  /// @param verbosity how much is said
  /// @param format the form of a line
  /// @param requests the access log, which is switched on and off from here on
  /// @param isTold whether requests are told, however little else is
  public static ServerLog start(
      OutputStream out, Verbosity verbosity, LogFormat format, AccessLog requests, boolean isTold) {
    return new ServerLog(
        out,
        requests,
        new Settings(
            verbosity.error,
            verbosity.warning,
            verbosity.info,
            Math.max(isTold ? 1 : 0, verbosity.verboseLevel),
            format));
  }

  private void apply(Settings next) {
    settings = next;
    requests.switchTo(next.verboseLevel >= 1);
    Logger.getLogger("").setLevel(next.least());
  }

  /// {@return how much is said, and in which form}
  public LogSettings settings() {
    Settings now = settings;
    Map<String, Parameter> values = new LinkedHashMap<>();
    values.put(FILE, new Parameter.Text(""));
    values.put(INFO, new Parameter.Flag(now.info));
    values.put(WARNING, new Parameter.Flag(now.warning));
    values.put(ERROR, new Parameter.Flag(now.error));
    values.put(VERBOSE, new Parameter.Whole(now.verboseLevel));
    values.put(FORMAT, new Parameter.Text(now.format.label()));
    return new LogSettings(values);
  }

  /// Changes how much is said, or in which form.
  ///
  /// @param change what is to change
  /// @throws ProtocolException if a setting is not known, has no such value, or cannot be changed;
  ///   nothing is changed then
  public synchronized void change(LogSettings change) {
    Settings next = settings;
    for (Map.Entry<String, Parameter> setting : change.values().entrySet()) {
      next = changed(next, setting.getKey(), setting.getValue());
    }
    apply(next);
  }

  private static Settings changed(Settings old, String name, Parameter value) {
    return switch (name) {
      case ERROR ->
          new Settings(flag(name, value), old.warning, old.info, old.verboseLevel, old.format);
      case WARNING ->
          new Settings(old.error, flag(name, value), old.info, old.verboseLevel, old.format);
      case INFO ->
          new Settings(old.error, old.warning, flag(name, value), old.verboseLevel, old.format);
      case VERBOSE -> new Settings(old.error, old.warning, old.info, level(value), old.format);
      case FORMAT -> new Settings(old.error, old.warning, old.info, old.verboseLevel, form(value));
      case FILE -> {
        if (!value.equals(new Parameter.Text(""))) {
          throw new ProtocolException(
              501, "'log_file' cannot be changed: the log goes to standard error");
        }
        yield old;
      }
      default ->
          throw new ProtocolException(
              400,
              "there is no setting '%s' of the log".formatted(ProtocolException.shortened(name)));
    };
  }

  private static boolean flag(String name, Parameter value) {
    if (value instanceof Parameter.Flag(boolean isOn)) {
      return isOn;
    }
    throw new ProtocolException(400, "'%s' must be true or false".formatted(name));
  }

  private static long level(Parameter value) {
    if (value instanceof Parameter.Whole(long level) && level >= 0 && level <= MOST_VERBOSE) {
      return level;
    }
    throw new ProtocolException(
        400, "'%s' must be an integer from 0 to %d".formatted(VERBOSE, MOST_VERBOSE));
  }

  private static LogFormat form(Parameter value) {
    List<String> labels = new ArrayList<>();
    for (LogFormat format : LogFormat.values()) {
      if (value instanceof Parameter.Text(String label) && label.equals(format.label())) {
        return format;
      }
      labels.add(format.label());
    }
    throw new ProtocolException(400, "'%s' must be one of %s".formatted(FORMAT, labels));
  }

  /// Puts what was there before into its place again. Idempotent.
  @Override
  public synchronized void close() {
    Logger root = Logger.getLogger("");
    root.removeHandler(lines);
    for (Handler handler : before) {
      root.removeHandler(handler);
      root.addHandler(handler);
    }
    root.setLevel(levelBefore);
  }
}
