package dev.jiffy.bench;

import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// An engine whose runs take turns with several inputs, so that none is learnt by heart: neither by
/// caches nor by the prediction of branches.
final class TakingTurns implements Engine {
  private final Engine owner;
  private final List<Runnable> runs;
  private int turn;

  /// Turns.
  ///
  /// @param owner the engine
  /// @param runs for each input what runs it
  TakingTurns(Engine owner, List<Runnable> runs) {
    this.owner = owner;
    this.runs = List.copyOf(runs);
  }

  @Override
  public void prepare(Map<String, Tensor> inputs) {
    throw new UnsupportedOperationException("the inputs are given");
  }

  @Override
  public String version() {
    return owner.version();
  }

  @Override
  public void run() {
    runs.get(turn).run();
    turn = turn + 1 == runs.size() ? 0 : turn + 1;
  }

  @Override
  public Map<String, Tensor> outputs() {
    return owner.outputs();
  }

  @Override
  public void close() {
    owner.close();
  }
}
