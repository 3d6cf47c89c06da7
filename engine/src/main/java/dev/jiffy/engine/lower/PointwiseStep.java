package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels.PreparedPointwise;
import java.util.List;

/// A chain of elementwise functions in one pass.
final class PointwiseStep extends Step {
  private final PreparedPointwise chain;
  private final Place[] places;

  /// @param places the inputs, then the outputs
  PointwiseStep(
      String name, Target target, PreparedPointwise chain, double bytes, List<Place> places) {
    super(name, Math.min(Math.max(1, chain.pieces()), target.parts(0, bytes)));
    this.chain = chain;
    this.places = places.toArray(Place[]::new);
  }

  @Override
  long scratchBytes() {
    return chain.scratchBytes();
  }

  @Override
  public void run(Frame frame, int part) {
    long[] addresses = frame.operands(part, places.length);
    for (int i = 0; i < places.length; i++) {
      addresses[i] = frame.at(places[i]);
    }
    chain.run(
        addresses, from(chain.pieces(), part), from(chain.pieces(), part + 1), frame.scratch(part));
  }
}
