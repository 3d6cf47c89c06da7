package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import org.junit.jupiter.api.Test;

/// Transposes sink until nothing is left to gain, and not back.
class SinkingTest {
  private static Graph settled(Graph graph) {
    Rules rules =
        new Rules(
            Rule.SINKING,
            Rule.SINKING_BY_SLICES,
            Rule.SINKING_BY_RESHAPES,
            Rule.FLATTENED_PRODUCTS,
            Rule.MOVEMENTS);
    Draft draft = new Draft(graph, Interpreter::evaluate);
    assertTrue(draft.rewrite(rules), () -> Rewritten.text(draft.graph()));
    Rewritten.assertSame(graph, draft.graph());
    return draft.graph();
  }

  /// An image of one pixel, channels first.
  private static String pixel(Sketch s) {
    return s.transpose(s.input("x", 1, 1, 1, 5), 0, 3, 1, 2);
  }

  private static String image(Sketch s) {
    return s.transpose(s.input("x", 2, 3, 4, 5), 0, 3, 1, 2);
  }

  @Test
  void aPixelDoesNotSinkByTurningAnother() {
    for (int channels : new int[] {1, 5}) {
      Sketch s = new Sketch();
      Graph graph = settled(s.graph(s.mul(pixel(s), s.input("y", 1, channels, 1, 1))));
      Rewritten.assertCount(1, graph, Op.Transpose.class);
    }
  }

  @Test
  void aPixelIsNotJoinedByTurningAnother() {
    for (int channels : new int[] {1, 5}) {
      Sketch s = new Sketch();
      String y = s.input("y", 1, channels, 1, 1);
      Graph graph = settled(s.graph(s.op(new Op.Concat(1), pixel(s), y)));
      Rewritten.assertCount(1, graph, Op.Transpose.class);
    }
  }

  @Test
  void anImageTurnsAPixel() {
    for (int channels : new int[] {1, 5}) {
      Sketch s = new Sketch();
      String sum = s.add(s.input("y", 1, channels, 1, 1), image(s));
      Graph graph = settled(s.graph(s.transpose(sum, 0, 2, 3, 1)));
      Rewritten.assertCount(1, graph, Op.Transpose.class);
    }
  }

  @Test
  void twoPixelsSinkTogether() {
    Sketch s = new Sketch();
    String y = s.transpose(s.input("y", 1, 1, 1, 1), 0, 3, 1, 2);
    Graph graph = settled(s.graph(s.transpose(s.mul(y, pixel(s)), 0, 2, 3, 1)));
    Rewritten.assertCount(0, graph, Op.Transpose.class);
  }
}
