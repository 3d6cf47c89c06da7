package dev.jiffy.bench.record;

import dev.jiffy.bench.record.Recording.Column;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Takes down requests as they happen. For one thread.
///
/// Rows lie in chunks, so that no request waits while a large array is copied, and a column exists
/// from where it first says something: a run of one request after the other takes 16 bytes each.
public final class Recorder {
  private static final int SHIFT = 14;
  private static final int CHUNK = 1 << SHIFT;
  private static final int MASK = CHUNK - 1;
  private static final int MOST_STAGES = 32;

  private final List<Chunk> chunks = new ArrayList<>();
  private final List<String> stages = new ArrayList<>();
  private final long originNanos;
  private @Nullable Chunk last;
  private int size;

  private static final class Chunk {
    final Map<Column, long[]> columns = new EnumMap<>(Column.class);
    Outcome @Nullable [] outcomes;
    final List<long[]> stages = new ArrayList<>();

    long[] column(Column column) {
      long[] values = columns.get(column);
      if (values == null) {
        values =
            switch (column) {
              case ISSUED, SAMPLE, QUERY -> new long[CHUNK];
              case COMPLETED, FIRST_BYTE, BATCH -> unknown();
              case SCHEDULED, DUE -> column(Column.ISSUED).clone();
            };
        columns.put(column, values);
      }
      return values;
    }

    /// Sets what is not the same as otherwise, and what follows such.
    void set(Column column, int at, long value, long otherwise) {
      if (value != otherwise || columns.containsKey(column)) {
        column(column)[at] = value;
      }
    }
  }

  /// Creates an empty recorder of a run whose begin is on no clock of this process.
  public Recorder() {
    this(0);
  }

  /// Creates an empty recorder.
  ///
  /// @param originNanos when the run began, by [System#nanoTime()]
  public Recorder(long originNanos) {
    this.originNanos = originNanos;
  }

  /// {@return the number of requests so far}
  public int size() {
    return size;
  }

  /// {@return the row of a request that begins}
  ///
  /// @param scheduled when it was to start, in nanoseconds since the run began
  /// @param due when it could start
  /// @param issued when it does
  /// @param sample which input it is made of
  public int begin(long scheduled, long due, long issued, int sample) {
    int row = size++;
    int at = row & MASK;
    Chunk chunk = last;
    if (at == 0 || chunk == null) {
      chunk = new Chunk();
      last = chunk;
      chunks.add(chunk);
    }
    chunk.column(Column.ISSUED)[at] = issued;
    chunk.set(Column.SCHEDULED, at, scheduled, issued);
    chunk.set(Column.DUE, at, due, issued);
    chunk.set(Column.SAMPLE, at, sample, 0);
    return row;
  }

  /// Takes down that a request belongs to a query of several.
  ///
  /// @param row the request's row
  /// @param query the query's number
  public void query(int row, int query) {
    chunk(row).column(Column.QUERY)[row & MASK] = query;
  }

  /// Takes down when an answer began to arrive.
  ///
  /// @param row the request's row
  /// @param nanos when, in nanoseconds since the run began
  public void firstByte(int row, long nanos) {
    chunk(row).column(Column.FIRST_BYTE)[row & MASK] = nanos;
  }

  /// Takes down how long a stage took, as the system tells; of more than 32 stages only the first
  /// are kept, and parts of one stage are added up.
  ///
  /// @param row the request's row
  /// @param stage the stage's name
  /// @param nanos how long it took
  public void stage(int row, String stage, long nanos) {
    int index = stages.indexOf(stage);
    if (index < 0) {
      if (stages.size() == MOST_STAGES) {
        return;
      }
      index = stages.size();
      stages.add(stage);
    }
    Chunk chunk = chunk(row);
    while (chunk.stages.size() <= index) {
      chunk.stages.add(unknown());
    }
    long[] column = chunk.stages.get(index);
    int at = row & MASK;
    column[at] = column[at] == Recording.UNKNOWN ? nanos : column[at] + nanos;
  }

  /// Takes down how many requests were computed together, as the system tells.
  ///
  /// @param row the request's row
  /// @param requests how many, the request included
  public void batch(int row, int requests) {
    chunk(row).column(Column.BATCH)[row & MASK] = requests;
  }

  /// Takes down that a request has ended.
  ///
  /// @param row the request's row
  /// @param nanos when, in nanoseconds since the run began
  /// @param outcome how
  public void end(int row, long nanos, Outcome outcome) {
    Chunk chunk = chunk(row);
    chunk.column(Column.COMPLETED)[row & MASK] = nanos;
    if (outcome != Outcome.OK) {
      if (chunk.outcomes == null) {
        chunk.outcomes = new Outcome[CHUNK];
        Arrays.fill(chunk.outcomes, Outcome.OK);
      }
      chunk.outcomes[row & MASK] = outcome;
    }
  }

  /// {@return when a request was issued, in nanoseconds since the run began}
  ///
  /// @param row the request's row
  public long issuedNanos(int row) {
    return chunk(row).column(Column.ISSUED)[row & MASK];
  }

  /// {@return whether a request has ended}
  ///
  /// @param row the request's row
  public boolean isEnded(int row) {
    return chunk(row).column(Column.COMPLETED)[row & MASK] != Recording.UNKNOWN;
  }

  /// Takes down a request of another recording.
  void copy(Recording from, int request) {
    int row =
        begin(
            from.scheduledNanos(request),
            from.dueNanos(request),
            from.issuedNanos(request),
            from.sample(request));
    end(row, from.completedNanos(request), from.outcome(request));
    if (from.columns().containsKey(Column.QUERY)) {
      query(row, from.query(request));
    }
    if (from.hasFirstBytes()) {
      firstByte(row, from.firstByteNanos(request));
    }
    if (from.batch(request) != Recording.UNKNOWN) {
      batch(row, from.batch(request));
    }
    for (String stage : from.stages()) {
      long nanos = from.stageNanos(stage, request);
      if (nanos != Recording.UNKNOWN) {
        stage(row, stage, nanos);
      }
    }
  }

  /// {@return what was taken down}
  ///
  /// @throws IllegalStateException if a request has not ended
  public Recording recording() {
    Map<Column, long[]> columns = new EnumMap<>(Column.class);
    for (Column column : Column.values()) {
      boolean isNeeded = column == Column.ISSUED || column == Column.COMPLETED;
      if (isNeeded || chunks.stream().anyMatch(c -> c.columns.containsKey(column))) {
        columns.put(column, gathered(chunk -> chunk.column(column)));
      }
    }
    for (int row = 0; row < size; row++) {
      if (!isEnded(row)) {
        throw new IllegalStateException("request " + row + " has not ended");
      }
    }
    Map<String, long[]> stageColumns = new LinkedHashMap<>();
    for (int i = 0; i < stages.size(); i++) {
      int index = i;
      stageColumns.put(
          stages.get(i),
          gathered(chunk -> index < chunk.stages.size() ? chunk.stages.get(index) : unknown()));
    }
    return new Recording(originNanos, columns, outcomes(), stageColumns);
  }

  private long[] gathered(Function<Chunk, long[]> column) {
    long[] all = new long[size];
    for (int i = 0; i < chunks.size(); i++) {
      int from = i << SHIFT;
      System.arraycopy(column.apply(chunks.get(i)), 0, all, from, Math.min(CHUNK, size - from));
    }
    return all;
  }

  private Outcome @Nullable [] outcomes() {
    if (chunks.stream().allMatch(chunk -> chunk.outcomes == null)) {
      return null;
    }
    Outcome[] all = new Outcome[size];
    Arrays.fill(all, Outcome.OK);
    for (int i = 0; i < chunks.size(); i++) {
      Outcome[] part = chunks.get(i).outcomes;
      int from = i << SHIFT;
      if (part != null) {
        System.arraycopy(part, 0, all, from, Math.min(CHUNK, size - from));
      }
    }
    return all;
  }

  private Chunk chunk(int row) {
    return chunks.get(row >> SHIFT);
  }

  private static long[] unknown() {
    long[] column = new long[CHUNK];
    Arrays.fill(column, Recording.UNKNOWN);
    return column;
  }
}
