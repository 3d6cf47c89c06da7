package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Rewritten.assertCount;
import static dev.jiffy.engine.pass.Rewritten.assertOperators;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.DType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Einstein summations become operators that have fast kernels, whatever their letters.
class EinsumsTest {
  /// A summation of inputs with these shapes, such as `2×b×3`.
  private static Graph graph(String equation, DType dtype, String shapes) {
    Sketch s = new Sketch();
    String[] each = shapes.split(";", -1);
    String[] inputs = new String[each.length];
    for (int i = 0; i < each.length; i++) {
      String[] extents = each[i].isEmpty() ? new String[0] : each[i].split("×");
      Object[] dims = new Object[extents.length];
      for (int d = 0; d < dims.length; d++) {
        boolean isNumber = Character.isDigit(extents[d].charAt(0));
        dims[d] = isNumber ? (Object) Integer.valueOf(extents[d]) : extents[d];
      }
      inputs[i] = s.input("x" + i, dtype, dims);
    }
    return s.graph(s.op(new Op.Einsum(equation), inputs));
  }

  private static Graph graph(String equation, String shapes) {
    return graph(equation, DType.F32, shapes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bhid,bhjd->bhij      | 2×3×4×5;2×3×6×5     | MatMul
          bhid,bhjd->bhji      | 2×3×4×5;2×3×6×5     | MatMul
          bij, jk -> bik       | b×i×4;4×6           | MatMul
          ij,jk                | i×j;j×k             | MatMul
          ij,kj                | i×j;k×j             | MatMul
          ba,cb                | 3×4;5×3             | MatMul
          ...ij,...jk          | 1×2×i×j;3×1×j×k     | MatMul
          ...ij,jk->...ik      | 2×b×i×4;4×5         | MatMul
          bhwc,hkc->bhwk       | b×3×w×5;3×4×5       | MatMul
          bhij,bjhd->bihd      | b×3×i×j;b×j×3×5     | Transpose,MatMul,Transpose
          ncwl,vw->ncvl        | 2×3×4×5;6×4         | MatMul
          bld,dhk->blhk        | b×l×4;4×2×3         | Reshape,MatMul,Reshape
          blhk,hkd->bld        | b×l×2×3;2×3×4       | Reshape,Reshape,MatMul
          bchw,bdhw->bcd       | b×c×h×w;b×d×h×w     | Reshape,Reshape,MatMul
          bk,bkj->bj           | b×k;b×k×j           | Reshape,MatMul,Reshape
          bik,bk->bi           | b×i×k;b×k           | Reshape,MatMul,Reshape
          bi,bi->b             | b×i;b×i             | Binary,Reduce
          bi,bj->bij           | b×i;b×j             | Reshape,Reshape,Binary
          i,i                  | i;i                 | Binary,Reduce
          ,ij->ji              | ;2×3                | Binary,Transpose
          i,ij->ij             | 2;2×3               | Reshape,Binary
          bij,bjk->bik         | 1×2×3;4×3×5         | MatMul
          ij->ji               | 2×3                 | Transpose
          ii,ij->j             | 3×3;3×4             | Einsum
          ii                   | 3×3                 | Einsum
          """)
  void becomesWhatItIs(String equation, String shapes, String operators) {
    assertOperators(Rewritten.of(graph(equation, shapes)), operators.split(","));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ij,jk,kl->il         | i×j;j×k;k×l         | MatMul,MatMul
          bik,kl,blj->bij      | b×i×4;4×5;b×5×j     | MatMul,MatMul
          ab,cd,ac,bd->a       | 2×3;4×5;2×4;3×5     | Einsum
          """)
  void severalAreMultipliedUnlessThatTakesMoreMemory(
      String equation, String shapes, String operators) {
    assertOperators(Rewritten.ofFinite(graph(equation, shapes)), operators.split(","));
  }

  @Test
  void sumsOverWhatMayBeOneStay() {
    for (String shapes : new String[] {"2×j;3×5", "2×j;k×5"}) {
      Graph graph = graph("ij,jk->ik", shapes);
      assertOperators(Passes.optimize(graph, Interpreter::evaluate), "Einsum");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bij,jk->ik           | b×i×j;j×k
          ij,jk->k             | i×j;j×k
          bij->jb              | b×i×j
          ...ij->...           | 2×3×4×5
          ...ij->ij            | 2×3×4×5
          ...ij,jk->ik         | 2×3×4×5;5×6
          ij,jk->ik            | 2×1;3×5
          ij,jk->ik            | 2×3;1×5
          ij,jk->ik            | 2×1;1×5
          ij,kl->             | 2×3;4×5
          abc,cd,ad->b         | 2×3×4;4×5;2×5
          """)
  void whatOnlyOneFactorHasIsSummedBefore(String equation, String shapes) {
    Graph graph = Rewritten.ofFinite(graph(equation, shapes));
    assertCount(0, graph, Op.Einsum.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bhij,bjhd->bihd      | b×2×i×j;b×j×2×d
          bchw,bdhw->bcd       | b×c×h×w;b×d×h×w
          bk,bkj->bj           | b×k;b×k×j
          bi,bi->b             | b×i;b×i
          bij,jk->ik           | b×i×j;j×k
          """)
  void dimensionsMayBeEmpty(String equation, String shapes) {
    Graph graph = graph(equation, shapes);
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    assertCount(0, optimized, Op.Einsum.class);
    Rewritten.assertSame(graph, optimized, Rewritten.inputs(graph, 0, Random::nextGaussian));
  }

  @Test
  void weightsOfSeveralHeadsAreOneMatrix() {
    for (String equation : new String[] {"bld,dhk->bhlk", "dhk,bld->bhlk", "bld,dhk->blhk"}) {
      Sketch s = new Sketch();
      String x = s.input("x", "b", "l", 4);
      String w = s.weights(4, 2, 3);
      boolean isFirst = equation.startsWith("dhk");
      String y = s.op(new Op.Einsum(equation), isFirst ? w : x, isFirst ? x : w);
      Graph graph = Rewritten.of(s.graph(y));
      if (equation.endsWith("blhk")) {
        assertOperators(graph, "MatMul", "Reshape");
      } else {
        assertOperators(graph, "MatMul", "Reshape", "Transpose");
      }
    }
  }

  @Test
  void attentionOfSummationsIsFound() {
    Sketch s = new Sketch();
    String[] heads = new String[3];
    for (int i = 0; i < 3; i++) {
      heads[i] = s.reshape(s.matMul(s.input("x" + i, "b", "l", 6), s.weights(6, 6)), 0, 0, 2, 3);
    }
    String scores = s.op(new Op.Einsum("bqhd,bkhd->bhqk"), heads[0], heads[1]);
    String weights = s.op(new Op.Softmax(-1, false), s.mul(scores, s.number(0.5)));
    String context = s.op(new Op.Einsum("bhqk,bkhd->bqhd"), weights, heads[2]);
    Graph graph = Rewritten.of(s.graph(s.reshape(context, 0, 0, 6)));
    assertCount(1, graph, AttentionOp.Attention.class);
  }

  @Test
  void otherNumbersThanFloatsStay() {
    assertOperators(Rewritten.of(graph("ij,jk", DType.I32, "2×3;3×4")), "Einsum");
    assertOperators(Rewritten.of(graph("ij,jk", DType.F64, "2×3;3×4")), "Einsum");
    assertCount(0, Rewritten.of(graph("ij,jk", DType.F16, "2×3;3×4")), Op.Einsum.class);
  }
}
