package dev.jiffy.server.watch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/// One line of JSON for each request, written by a thread of its own. Lines that come faster than
/// they can be written, or that cannot be, are dropped and counted.
///
/// A file is appended to. Whoever renames it finds the next lines in a new one of the old name.
public final class AccessLog implements Watcher {
  private static final System.Logger LOG = System.getLogger(AccessLog.class.getName());
  private static final int MOST_PATH = 512;

  private final JsonFactory json =
      JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
  private final @Nullable Path file;
  private final LongAdder lost = new LongAdder();
  private volatile @Nullable Backlog backlog;
  private volatile boolean isOn;
  private OutputStream out;
  private boolean isFailing;

  private AccessLog(@Nullable Path file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  @Override
  public boolean isOn() {
    return isOn;
  }

  /// {@return a log that appends to a file}
  ///
  /// @param file the file, made where there is none
  /// @throws UncheckedIOException if it cannot be written to
  public static AccessLog to(Path file) {
    try {
      AccessLog log = new AccessLog(file, open(file));
      log.switchTo(true);
      return log;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return a log that writes to a stream}
  ///
  /// @param out the stream, which is flushed and not closed
  public static AccessLog to(OutputStream out) {
    AccessLog log = silent(out);
    log.switchTo(true);
    return log;
  }

  /// {@return a log that writes to a stream once it is switched on}
  ///
  /// @param out the stream, which is flushed and not closed
  public static AccessLog silent(OutputStream out) {
    return new AccessLog(null, out);
  }

  /// Lets it write or not.
  ///
  /// @param on whether requests are written down from now on
  public void switchTo(boolean on) {
    if (on && backlog == null) {
      backlog = new Backlog("access-log", this::write);
    }
    isOn = on;
  }

  private static OutputStream open(Path file) throws IOException {
    return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void ended(Account account) {
    Backlog writer = backlog;
    if (writer != null) {
      writer.ended(account);
    }
  }

  @Override
  public long dropped() {
    Backlog writer = backlog;
    return lost.sum() + (writer == null ? 0 : writer.dropped());
  }

  private void write(List<Account> accounts) {
    try {
      if (file != null && !Files.exists(file)) {
        out.close();
        out = open(file);
      }
      ByteArrayOutputStream lines = new ByteArrayOutputStream();
      for (Account account : accounts) {
        line(account, lines);
      }
      lines.writeTo(out); // at once, as others may write there between two lines
      out.flush();
      isFailing = false;
    } catch (IOException e) {
      lost.add(accounts.size());
      if (!isFailing) {
        LOG.log(Level.ERROR, "the access log cannot be written", e);
      }
      isFailing = true;
    }
  }

  private void line(Account account, ByteArrayOutputStream lines) {
    try (JsonGenerator line =
        json.createGenerator(ObjectWriteContext.empty(), lines, JsonEncoding.UTF8)) {
      line.writeStartObject();
      line.writeStringProperty("time", account.ended().toString());
      line.writeStringProperty("protocol", account.protocol());
      line.writeStringProperty("client", account.client());
      line.writeStringProperty("method", account.method());
      line.writeStringProperty("path", shortened(account.path()));
      Account.Target model = account.model();
      if (model != null) {
        line.writeStringProperty("model", model.name());
        line.writeStringProperty("version", model.version());
      }
      line.writeNumberProperty("code", account.code());
      line.writeNumberProperty("received_bytes", account.receivedBytes());
      line.writeNumberProperty("sent_bytes", account.sentBytes());
      line.writeNumberProperty("total_us", account.nanos() / 1000);
      stages(line, account.stopwatch());
      TraceContext trace = account.trace();
      if (trace != null) {
        line.writeStringProperty("trace_id", trace.traceId());
        line.writeStringProperty("span_id", trace.spanId());
      }
      line.writeEndObject();
    }
    lines.write('\n');
  }

  private static void stages(JsonGenerator line, @Nullable Stopwatch stopwatch) {
    if (stopwatch == null) {
      return;
    }
    for (Stage stage : Stage.ALL) {
      if (stopwatch.isTimed(stage)) {
        line.writeNumberProperty(stage.label() + "_us", stopwatch.nanos(stage) / 1000);
      }
    }
    if (stopwatch.batchRows() > 0) {
      line.writeNumberProperty("batch_rows", stopwatch.batchRows());
    }
  }

  private static String shortened(String path) {
    return path.length() <= MOST_PATH ? path : path.substring(0, MOST_PATH);
  }

  /// Writes what waits, and closes the file. Idempotent.
  @Override
  public void close() {
    Backlog writer = backlog;
    if (writer != null) {
      writer.close();
    }
    if (file != null) {
      try {
        out.close();
      } catch (IOException e) {
        LOG.log(Level.ERROR, "the access log cannot be closed", e);
      }
    }
  }
}
