package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rotary positions, written out.
class RotationsTest {
  private static final long ALL = Long.MAX_VALUE;

  private static String part(Sketch s, String x, long start, long end, long step) {
    return s.op(new Op.Slice(), x, s.vector(start), s.vector(end), s.vector(-1), s.vector(step));
  }

  private static String negative(Sketch s, String x) {
    return s.unary(UnaryFunction.NEG, x);
  }

  private static String turn(Sketch s, String x, String turned) {
    String cosines = s.input("cosines", "length", 8);
    String sines = s.input("sines", "length", 8);
    return s.add(s.mul(x, cosines), s.mul(turned, sines));
  }

  private static String heads(Sketch s) {
    return s.input("x", "batch", 3, "length", 8);
  }

  private static Graph turned(Sketch s, String x, String first, String second) {
    return Rewritten.of(s.graph(turn(s, x, s.op(new Op.Concat(-1), first, second))));
  }

  private static void assertTurned(Graph graph, long copies) {
    Rewritten.assertCount(0, graph, Op.Concat.class);
    Rewritten.assertCount(0, graph, Op.Unary.class);
    Rewritten.assertCount(copies, graph, Op.Slice.class);
  }

  @Test
  void halvesAreTurnedWithEachOther() {
    for (boolean isFirst : new boolean[] {true, false}) {
      Sketch s = new Sketch();
      String x = heads(s);
      String a = part(s, x, 0, 4, 1);
      String b = part(s, x, 4, ALL, 1);
      assertTurned(turned(s, x, isFirst ? negative(s, b) : b, isFirst ? a : negative(s, a)), 1);
    }
  }

  @Test
  void pairsOfNeighboursAreTurned() {
    for (boolean isReshaped : new boolean[] {true, false}) {
      Sketch s = new Sketch();
      String x = heads(s);
      String even = column(s, part(s, x, 0, ALL, 2), isReshaped);
      String odd = column(s, negative(s, part(s, x, 1, ALL, 2)), isReshaped);
      String turned = s.reshape(s.op(new Op.Concat(-1), odd, even), 0, 0, -1, 8);
      assertTurned(Rewritten.of(s.graph(turn(s, x, turned))), 1);
    }
  }

  private static String column(Sketch s, String x, boolean isReshaped) {
    return isReshaped ? s.reshape(x, 0, 0, 0, 4, 1) : s.op(new Op.Unsqueeze(), x, s.vector(-1));
  }

  /// A part of each head keeps its elements.
  @Test
  void aPartOfAHeadIsTurned() {
    Sketch s = new Sketch();
    String head = s.input("x", "batch", 3, "length", 11);
    String x = part(s, head, 0, 8, 1);
    String turned = s.op(new Op.Concat(-1), negative(s, part(s, x, 4, 8, 1)), part(s, x, 0, 4, 1));
    String y = s.op(new Op.Concat(-1), turn(s, x, turned), part(s, head, 8, 11, 1));
    Graph graph = Rewritten.of(s.graph(y));
    Rewritten.assertCount(1, graph, Op.Concat.class);
    Rewritten.assertCount(3, graph, Op.Slice.class);
  }

  @Test
  void whatOnlyLooksSimilarStays() {
    for (int which = 0; which < 6; which++) {
      Sketch s = new Sketch();
      String x = heads(s);
      String a = part(s, x, 0, 4, 1);
      String b = part(s, x, 4, ALL, 1);
      Graph graph =
          switch (which) {
            case 0 -> turned(s, x, negative(s, a), b); // in their order
            case 1 -> turned(s, x, b, a); // no signs
            case 2 -> turned(s, x, negative(s, b), negative(s, a));
            case 3 -> turned(s, x, negative(s, part(s, x, 3, ALL, 1)), part(s, x, 0, 3, 1));
            case 4 ->
                turned(
                    s, x, negative(s, part(s, s.input("z", "batch", 3, "length", 8), 4, 8, 1)), a);
            default -> turned(s, x, negative(s, part(s, x, 1, ALL, 2)), part(s, x, 0, ALL, 2));
          };
      Rewritten.assertCount(1, graph, Op.Concat.class);
    }
    Sketch s = new Sketch();
    String x = heads(s);
    String a = part(s, x, 0, 4, 1); // somebody else reads it
    String b = negative(s, part(s, x, 4, ALL, 1));
    Graph graph = Rewritten.of(s.graph(List.of(a, turn(s, x, s.op(new Op.Concat(-1), b, a)))));
    Rewritten.assertCount(1, graph, Op.Concat.class);
  }
}
