package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CastsTest {
  @ParameterizedTest
  @EnumSource(names = {"BOOL", "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"})
  void integersBecomeFloatsAsOneByOne(DType from) {
    int n = 1001;
    Tensor x = Tensor.allocate(from, Shape.of(n));
    long[] integers = new Random(1).longs(n).toArray();
    for (int i = 0; i < n; i++) {
      x.setLong(i, integers[i]);
    }
    Tensor expected = Tensor.allocate(DType.F32, Shape.of(n));
    Tensor found = Tensor.allocate(DType.F32, Shape.of(n));
    long address = x.segment().address();
    TypedMemory.cast(from, DType.F32, address, expected.segment().address(), n);
    Casts.cast(from, DType.F32, address, found.segment().address(), n);
    for (int i = 0; i < n; i++) {
      assertEquals(expected.getDouble(i), found.getDouble(i));
    }
  }
}
