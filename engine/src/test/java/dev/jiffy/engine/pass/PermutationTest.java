package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PermutationTest {
  private static final int[][] PERMUTATIONS = {
    {0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 3, 1}, {2, 0, 1, 3}, {1, 0, 2, 3}, {3, 0, 2, 1}
  };

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8", "I16", "F32", "I64"})
  void dimensionsArePermuted(DType dtype) {
    for (int[] perm : PERMUTATIONS) {
      permute(dtype, perm, 2, 3, 4, 5);
      permute(dtype, perm, 1, 7, 1, 3);
      permute(dtype, perm, 2, 0, 3, 1);
      permute(dtype, perm, 3, 1, 70, 130);
      permute(dtype, perm, 65, 2, 1, 64);
    }
  }

  private static void permute(DType dtype, int[] perm, long... dims) {
    Shape shape = Shape.of(dims);
    long[] elements = LongStream.range(0, shape.elements()).toArray();
    Tensor x = Constants.of(dtype, shape, LongStream.of(elements).asDoubleStream().toArray());
    Tensor y = Permutation.of(x, perm);
    long[] index = new long[dims.length];
    for (int i = 0; i < elements.length; i++) {
      long rest = i;
      for (int d = dims.length - 1; d >= 0; d--) {
        index[perm[d]] = rest % y.shape().dim(d);
        rest /= y.shape().dim(d);
      }
      long from = 0;
      for (int d = 0; d < dims.length; d++) {
        from = from * dims[d] + index[d];
      }
      assertEquals(x.getDouble(from), y.getDouble(i));
    }
    for (int d = 0; d < dims.length; d++) {
      assertEquals(dims[perm[d]], y.shape().dim(d));
    }
  }
}
