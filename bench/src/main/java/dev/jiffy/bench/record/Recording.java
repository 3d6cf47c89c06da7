package dev.jiffy.bench.record;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Every request of one run: when it was to start, when it did, when it ended, and how.
///
/// Requests are in the order of their schedule. Times are in nanoseconds since the run began, from
/// one clock. Immutable; columns that say nothing (a first byte that is not known, outcomes that
/// are all good) take no memory.
public final class Recording {
  /// A time that is not known.
  public static final long UNKNOWN = -1;

  private final long originNanos;
  private final Map<Column, long[]> columns;
  private final Outcome @Nullable [] outcomes;
  private final Map<String, long[]> stages;
  private final int size;

  /// What is known of a request, in nanoseconds where it is a time.
  enum Column {
    ISSUED,
    COMPLETED,
    SCHEDULED,
    DUE,
    FIRST_BYTE,
    SAMPLE,
    QUERY,
    BATCH
  }

  /// @param originNanos when the run began, by [System#nanoTime()]
  /// @param columns at least those of issued and completed; not copied
  /// @param outcomes how requests ended, or null where all are good; not copied
  /// @param stages how long stages took, by name; not copied
  Recording(
      long originNanos,
      Map<Column, long[]> columns,
      Outcome @Nullable [] outcomes,
      Map<String, long[]> stages) {
    this.originNanos = originNanos;
    this.columns = columns;
    this.outcomes = outcomes;
    this.stages = stages;
    this.size = column(Column.COMPLETED).length;
  }

  private long[] column(Column column) {
    long[] values = columns.get(column);
    if (values == null) {
      throw new IllegalStateException("no column " + column);
    }
    return values;
  }

  private long at(Column column, Column otherwise, int request) {
    long[] values = columns.get(column);
    return values == null ? column(otherwise)[request] : values[request];
  }

  /// {@return when the run began, by [System#nanoTime()]; 0 where it was on no clock of this
  /// process}
  public long originNanos() {
    return originNanos;
  }

  /// {@return the number of requests}
  public int size() {
    return size;
  }

  /// {@return when a request was to start}
  ///
  /// @param request its place, from 0
  public long scheduledNanos(int request) {
    return at(Column.SCHEDULED, Column.ISSUED, request);
  }

  /// {@return when a request could start: as scheduled, or when the limit of requests at a time let
  /// it}
  ///
  /// @param request its place, from 0
  public long dueNanos(int request) {
    return at(Column.DUE, Column.ISSUED, request);
  }

  /// {@return when a request was handed to the system}
  ///
  /// @param request its place, from 0
  public long issuedNanos(int request) {
    return column(Column.ISSUED)[request];
  }

  /// {@return when the answer began to arrive, or [#UNKNOWN]}
  ///
  /// @param request its place, from 0
  public long firstByteNanos(int request) {
    long[] values = columns.get(Column.FIRST_BYTE);
    return values == null ? UNKNOWN : values[request];
  }

  /// {@return when a request had ended, well or not}
  ///
  /// @param request its place, from 0
  public long completedNanos(int request) {
    return column(Column.COMPLETED)[request];
  }

  /// {@return which of the inputs a request was made of}
  ///
  /// @param request its place, from 0
  public int sample(int request) {
    long[] values = columns.get(Column.SAMPLE);
    return values == null ? 0 : (int) values[request];
  }

  /// {@return which query a request is a part of; without queries of several requests, its place}
  ///
  /// @param request its place, from 0
  public int query(int request) {
    long[] values = columns.get(Column.QUERY);
    return values == null ? request : (int) values[request];
  }

  /// {@return how a request ended}
  ///
  /// @param request its place, from 0
  public Outcome outcome(int request) {
    return outcomes == null ? Outcome.OK : outcomes[request];
  }

  /// {@return whether a request was answered}
  ///
  /// @param request its place, from 0
  public boolean isOk(int request) {
    return outcomes == null || outcomes[request] == Outcome.OK;
  }

  /// {@return from when a request was to start until it had ended, in nanoseconds}
  ///
  /// @param request its place, from 0
  public long responseNanos(int request) {
    return completedNanos(request) - scheduledNanos(request);
  }

  /// {@return from handing a request to the system until it had ended, in nanoseconds}
  ///
  /// @param request its place, from 0
  public long serviceNanos(int request) {
    return completedNanos(request) - issuedNanos(request);
  }

  /// {@return how late the generator itself issued a request that could start, in nanoseconds}
  ///
  /// @param request its place, from 0
  public long lagNanos(int request) {
    return issuedNanos(request) - dueNanos(request);
  }

  /// {@return the names of the stages that the system told of}
  public List<String> stages() {
    return List.copyOf(stages.keySet());
  }

  /// {@return how long a stage of a request took as the system tells, in nanoseconds, or
  /// [#UNKNOWN]}
  ///
  /// @param stage the stage's name
  /// @param request its place, from 0
  public long stageNanos(String stage, int request) {
    long[] values = stages.get(stage);
    return values == null ? UNKNOWN : values[request];
  }

  /// {@return whether it is known when answers began to arrive}
  public boolean hasFirstBytes() {
    return columns.containsKey(Column.FIRST_BYTE);
  }

  /// {@return when the last request had ended, in nanoseconds since the run began}
  public long endNanos() {
    long end = 0;
    for (long completed : column(Column.COMPLETED)) {
      end = Math.max(end, completed);
    }
    return end;
  }

  /// {@return how many requests the system computed together with a request, it included, as it
  /// tells, or [#UNKNOWN]}
  ///
  /// @param request its place, from 0
  public int batch(int request) {
    long[] values = columns.get(Column.BATCH);
    return (int) (values == null ? UNKNOWN : values[request]);
  }

  /// {@return how many requests ended in which way}
  public Map<Outcome, Long> outcomes() {
    Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
    for (int i = 0; i < size; i++) {
      counts.merge(outcome(i), 1L, Long::sum);
    }
    return counts;
  }

  /// {@return the times of all requests in their order}
  ///
  /// @param time which time
  /// @param timeoutNanos what a request counts as at least that was not answered
  public long[] nanos(Time time, long timeoutNanos) {
    long[] nanos = new long[size];
    for (int i = 0; i < size; i++) {
      nanos[i] = time.of(this, i, timeoutNanos);
    }
    return nanos;
  }

  /// {@return the times of all queries in their order: that of a query is the longest of its
  /// requests}
  ///
  /// @param time which time
  /// @param timeoutNanos what a request counts as at least that was not answered
  public long[] queryNanos(Time time, long timeoutNanos) {
    if (!columns.containsKey(Column.QUERY)) {
      return nanos(time, timeoutNanos);
    }
    Map<Integer, Long> longest = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      longest.merge(query(i), time.of(this, i, timeoutNanos), Math::max);
    }
    return longest.values().stream().mapToLong(Long::longValue).toArray();
  }

  /// {@return a part of this recording, whose times begin where those of this one do}
  ///
  /// @param from the first request
  /// @param to the one after the last
  public Recording slice(int from, int to) {
    Map<Column, long[]> cut = new EnumMap<>(Column.class);
    columns.forEach((column, values) -> cut.put(column, Arrays.copyOfRange(values, from, to)));
    Map<String, long[]> cutStages = new LinkedHashMap<>();
    stages.forEach((name, values) -> cutStages.put(name, Arrays.copyOfRange(values, from, to)));
    return new Recording(
        originNanos,
        cut,
        outcomes == null ? null : Arrays.copyOfRange(outcomes, from, to),
        cutStages);
  }

  /// {@return the requests of several recordings as one, in the order of their schedule}
  ///
  /// @param parts the recordings, whose times have one begin
  public static Recording merged(List<Recording> parts) {
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    Recorder all = new Recorder(parts.getFirst().originNanos);
    List<long[]> order = new ArrayList<>();
    for (int part = 0; part < parts.size(); part++) {
      for (int i = 0; i < parts.get(part).size(); i++) {
        order.add(new long[] {parts.get(part).scheduledNanos(i), part, i});
      }
    }
    order.sort((a, b) -> Arrays.compare(a, b));
    for (long[] entry : order) {
      all.copy(parts.get((int) entry[1]), (int) entry[2]);
    }
    return all.recording();
  }

  /// {@return the columns, not to be changed}
  Map<Column, long[]> columns() {
    return Collections.unmodifiableMap(columns);
  }
}
