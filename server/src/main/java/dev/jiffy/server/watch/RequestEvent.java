package dev.jiffy.server.watch;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/// A request in the JDK's flight recorder, written when it has ended.
@Name("jiffy.Request")
@Label("Request")
@Description("A request that has ended")
@Category("Jiffy")
@StackTrace(false)
final class RequestEvent extends Event {
  @Label("Protocol")
  String protocol = "";

  @Label("Path")
  String path = "";

  @Label("Model")
  @Nullable String model;

  @Label("Code")
  @Description("The status of HTTP or of gRPC; 499, or 1, where the client had gone")
  int code;

  @Label("Received")
  @DataAmount
  long receivedBytes;

  @Label("Sent")
  @DataAmount
  long sentBytes;

  @Label("Total")
  @Timespan
  long totalNanos;

  @Label("Decode")
  @Timespan
  long decodeNanos;

  @Label("Queue")
  @Timespan
  long queueNanos;

  @Label("Compute")
  @Timespan
  long computeNanos;

  @Label("Encode")
  @Timespan
  long encodeNanos;

  @Label("Batch rows")
  int batchRows;

  /// An event to fill.
  RequestEvent() {}

  /// {@return whether a recording wants such events}
  static boolean isWanted() {
    return new RequestEvent().isEnabled();
  }

  /// Writes what became of a request.
  ///
  /// @param account what became of it
  static void write(Account account) {
    RequestEvent event = new RequestEvent();
    if (!event.shouldCommit()) {
      return;
    }
    event.protocol = account.protocol();
    event.path = account.path();
    event.model = account.model() == null ? null : account.model().name();
    event.code = account.code();
    event.receivedBytes = account.receivedBytes();
    event.sentBytes = account.sentBytes();
    event.totalNanos = account.nanos();
    Stopwatch stopwatch = account.stopwatch();
    if (stopwatch != null) {
      event.decodeNanos = stopwatch.nanos(Stage.DECODE);
      event.queueNanos = stopwatch.nanos(Stage.QUEUE);
      event.computeNanos = stopwatch.nanos(Stage.COMPUTE);
      event.encodeNanos = stopwatch.nanos(Stage.ENCODE);
      event.batchRows = stopwatch.batchRows();
    }
    event.commit();
  }
}
