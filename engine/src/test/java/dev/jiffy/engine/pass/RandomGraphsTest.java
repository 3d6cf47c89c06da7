package dev.jiffy.engine.pass;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever the passes do to random graphs, the results stay.
class RandomGraphsTest {
  static LongStream seeds() {
    return LongStream.range(0, 400);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void resultsStay(long seed) {
    Rewritten.of(RandomGraphs.graph(seed));
  }
}
