package dev.jiffy.server.schedule;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// Batches of a model on sessions of the engine.
final class ModelInstance implements Instance {
  private static final System.Logger LOG = System.getLogger(ModelInstance.class.getName());

  private final ModelSessions sessions;
  private final Batching batching;
  private final JoinedInputs joined;
  private final LongSupplier clock;

  ModelInstance(ModelSessions sessions, Batching batching, LongSupplier clock) {
    this.sessions = sessions;
    this.batching = batching;
    this.joined = new JoinedInputs(batching.inputs());
    this.clock = clock;
  }

  @Override
  public Computed run(Batch batch) {
    if (batch.tickets().size() == 1) {
      return single(batch.tickets().getFirst());
    }
    Map<String, Tensor> outputs;
    long start = clock.getAsLong();
    try {
      outputs = sessions.session().run(joined.fill(batch.tickets(), batch.length()));
    } catch (Throwable e) { // one of the requests may be to blame: each is told its own failure
      singles(batch);
      boolean isBatchAtFault = batch.answered() == batch.tickets().size();
      return isBatchAtFault
          ? new Computed(-1, clock.getAsLong() - start, failed(e))
          : Computed.none(Bits.UNKNOWN);
    }
    long nanos = clock.getAsLong() - start;
    if (!isJoined(outputs, batch.rows())) {
      singles(batch);
      return Computed.none(Bits.OTHER);
    }
    boolean areEqual = batch.trial() != Batch.Trial.NO && areEqual(batch.tickets());
    boolean isTrial = areEqual ? batch.trial() == Batch.Trial.YES : batch.trial() != Batch.Trial.NO;
    if (isTrial) {
      return trial(batch, areEqual ? Bits.SAME_OF_EQUAL : Bits.SAME, outputs, start, nanos);
    }
    int row = 0;
    for (Ticket ticket : batch.tickets()) {
      Map<String, Tensor> part = part(outputs, row, ticket, batch.length());
      finish(ticket, new Answer.Tensors(part), start, nanos, batch.rows());
      row += ticket.rows;
    }
    return new Computed(nanos, clock.getAsLong() - start, Bits.UNKNOWN);
  }

  /// Compares some answers with those of single runs. The others are answered from the batch where
  /// all bits are the same, and alone where not.
  ///
  /// @param same what it tells that all bits are the same
  private Computed trial(
      Batch batch, Bits same, Map<String, Tensor> outputs, long startNanos, long nanos) {
    Map<String, Tensor> copies = copies(outputs);
    List<Ticket> tickets = batch.tickets();
    BitSet compared = Batch.compared(tickets);
    boolean isExact = true;
    Bits bits = same;
    int row = 0;
    for (int i = 0; i < tickets.size(); i++) {
      Ticket ticket = tickets.get(i);
      if (compared.get(i)) {
        long start = clock.getAsLong();
        try {
          Map<String, Tensor> alone = sessions.session().run(inputs(ticket));
          isExact &= isSame(part(copies, row, ticket, batch.length()), alone);
          long took = clock.getAsLong() - start;
          finish(ticket, new Answer.Tensors(alone), start, took, ticket.rows);
        } catch (Throwable e) {
          bits = failed(e);
          fail(ticket, e);
        }
      }
      row += ticket.rows;
    }
    row = 0;
    for (int i = 0; i < tickets.size(); i++) {
      Ticket ticket = tickets.get(i);
      if (!compared.get(i) && isExact && bits == same) {
        Map<String, Tensor> part = part(copies, row, ticket, batch.length());
        finish(ticket, new Answer.Tensors(part), startNanos, nanos, batch.rows());
      } else if (!compared.get(i)) {
        single(ticket);
      }
      row += ticket.rows;
    }
    return new Computed(nanos, nanos, isExact ? bits : Bits.OTHER);
  }

  /// {@return what a failure tells of batches as large: nothing where memory was short, which
  /// passes}
  private static Bits failed(Throwable failure) {
    return failure instanceof OutOfMemoryError || failure.getCause() instanceof OutOfMemoryError
        ? Bits.UNKNOWN
        : Bits.FAILED;
  }

  private void singles(Batch batch) {
    batch.tickets().forEach(this::single);
  }

  private Computed single(Ticket ticket) {
    if (ticket.cancelled) {
      ticket.finish(new Outcome.Cancelled());
      return Computed.none(Bits.UNKNOWN);
    }
    long start = clock.getAsLong();
    try {
      Answer answer =
          switch (ticket.question()) {
            case Question.Tensors(Map<String, Tensor> inputs) ->
                new Answer.Tensors(sessions.session().run(inputs));
            case Question.Texts(List<String> texts) ->
                new Answer.Vectors(sessions.text().embed(texts));
            case Question.Tokens(List<int[]> texts) ->
                new Answer.Vectors(sessions.text().embedTokens(texts));
          };
      long nanos = clock.getAsLong() - start;
      finish(ticket, answer, start, nanos, ticket.rows);
      return new Computed(nanos, clock.getAsLong() - start, Bits.UNKNOWN);
    } catch (Throwable e) { // whatever happens, the caller is told
      fail(ticket, e);
      return Computed.none(Bits.UNKNOWN);
    }
  }

  private static Map<String, Tensor> inputs(Ticket ticket) {
    if (ticket.question() instanceof Question.Tensors(Map<String, Tensor> inputs)) {
      return inputs;
    }
    throw new IllegalStateException("no tensors are asked for: " + ticket.question());
  }

  private static void finish(
      Ticket ticket, Answer answer, long startNanos, long nanos, int batchRows) {
    ticket.finish(
        ticket.cancelled
            ? new Outcome.Cancelled()
            : new Outcome.Done(
                answer, new Timing(startNanos - ticket.arrivedNanos(), nanos, batchRows)));
  }

  private static void fail(Ticket ticket, Throwable failure) {
    Outcome outcome =
        switch (failure) {
          case ModelException e when e.getCause() instanceof OutOfMemoryError none ->
              new Outcome.Failed(none);
          case ModelException e -> new Outcome.BadInput(String.valueOf(e.getMessage()));
          case IllegalArgumentException e -> new Outcome.BadInput(String.valueOf(e.getMessage()));
          default -> new Outcome.Failed(failure);
        };
    ticket.finish(outcome);
    if (outcome instanceof Outcome.Failed && !(failure instanceof ModelException)) {
      LOG.log(Level.ERROR, "a run of a model failed", failure);
    }
  }

  /// {@return whether every output has so many rows}
  private static boolean isJoined(Map<String, Tensor> outputs, int rows) {
    for (Tensor output : outputs.values()) {
      if (output.shape().rank() == 0 || output.shape().dim(0) != rows) {
        return false;
      }
    }
    return true;
  }

  /// {@return the rows of one request out of the outputs of a batch, without padding}
  private Map<String, Tensor> part(
      Map<String, Tensor> outputs, int row, Ticket ticket, int padded) {
    Map<String, Tensor> part = LinkedHashMap.newLinkedHashMap(outputs.size());
    outputs.forEach((name, output) -> {
      long[] dims = output.shape().dims();
      long bytes = output.segment().byteSize() / dims[0];
      dims[0] = ticket.rows;
      Tensor rows =
          Tensor.of(
              output.dtype(),
              Shape.of(dims),
              output.segment().asSlice(row * bytes, ticket.rows * bytes));
      int length = ticket.bucket.length();
      boolean isPadded =
          length < padded && dims.length > 1 && dims[1] == padded && !batching.isFixed(name);
      part.put(name, isPadded ? JoinedInputs.cut(rows, length) : rows);
    });
    return part;
  }

  private static Map<String, Tensor> copies(Map<String, Tensor> outputs) {
    Map<String, Tensor> copies = new HashMap<>();
    outputs.forEach((name, output) -> copies.put(name, output.copy()));
    return copies;
  }

  private static boolean areEqual(List<Ticket> tickets) {
    Map<String, Tensor> first = inputs(tickets.getFirst());
    return tickets.stream().allMatch(ticket -> isSame(first, inputs(ticket)));
  }

  private static boolean isSame(Map<String, Tensor> some, Map<String, Tensor> others) {
    for (Map.Entry<String, Tensor> entry : some.entrySet()) {
      Tensor other = others.get(entry.getKey());
      if (other == null
          || !other.shape().equals(entry.getValue().shape())
          || other.segment().mismatch(entry.getValue().segment()) >= 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long memoryBytes() {
    return sessions.memoryBytes();
  }

  @Override
  public void close() {
    sessions.close();
  }
}
