package dev.jiffy.engine.kernel.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.Targets;
import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("many-machines")
class KernelCheckTest {
  private static final int RESULT = 2;

  @ParameterizedTest
  @EnumSource
  void allKernelsOfThisMachineAreSound(KernelCheck.Kind kind) {
    for (Targets.Named family : Targets.all()) {
      String fault = KernelCheck.fault(kind, family.target().matrices(), family.target().rows());
      assertNull(fault, () -> family + ": " + fault);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsWrongIsFoundWhereItIs(KernelCheck.Kind kind) {
    RowKernels rows = new ScalarRowKernels();
    String fault = KernelCheck.fault(kind, WrongKernels.products(), rows);
    if (kind == KernelCheck.Kind.PRODUCT) {
      assertNotNull(fault);
      assertEquals("product with 41 columns: element 0", place(fault));
    } else {
      assertNull(fault);
    }
  }

  private static String place(@Nullable String fault) {
    return fault == null ? "none" : fault.substring(0, fault.indexOf(" is "));
  }

  /// Convolutions of bytes that are right but where they round.
  private static ByteKernels withoutRounding() {
    return WrongKernels.changed(
        ByteKernels.class,
        WrongKernels.idle(ByteKernels.class),
        "prepare",
        (_, arguments) -> withoutRounding((ByteConvolution) arguments[0]));
  }

  private static ByteKernels.Prepared withoutRounding(ByteConvolution c) {
    return WrongKernels.changed(
        ByteKernels.Prepared.class,
        WrongKernels.idle(ByteKernels.Prepared.class),
        "convolve",
        (result, arguments) -> {
          if (c.rounding() == null) {
            ByteCheck.convolve(c, (long) arguments[3]);
          }
          return result;
        });
  }

  @Test
  void bytesThatAreAllZeroAreFound() {
    ByteKernels bytes = withoutRounding();
    NarrowKernels narrow =
        WrongKernels.changed(
            NarrowKernels.class, WrongKernels.idle(NarrowKernels.class), "bytes", (_, _) -> bytes);
    MatrixKernels matrices = WrongKernels.narrow(narrow);
    String fault =
        KernelCheck.fault(KernelCheck.Kind.BYTE_CONVOLUTION, matrices, new ScalarRowKernels());
    assertEquals("convolution of bytes in 1 groups, rounded: element 1", place(fault));
  }

  /// {@return where a fault of some calls of a method is found}
  private static String found(KernelCheck.Kind kind, String method, Predicate<Object[]> isWrong) {
    return found(kind, method, RESULT, isWrong);
  }

  private static String found(
      KernelCheck.Kind kind, String method, int changed, Predicate<Object[]> isWrong) {
    RowKernels rows =
        WrongKernels.changed(
            RowKernels.class,
            new ScalarRowKernels(),
            method,
            (result, arguments) ->
                isWrong.test(arguments) ? WrongKernels.spoiled(arguments[changed]) : result);
    return place(KernelCheck.fault(kind, new ScalarMatrixKernels(), rows));
  }

  @Test
  void addedRowsAreChecked() {
    assertEquals(
        "added rows: element 0", found(KernelCheck.Kind.ELEMENTWISE, "addRows", 2, _ -> true));
  }

  @Test
  void bothKindsOfPoolingAreChecked() {
    assertEquals(
        "pooling, maximum: element 0",
        found(KernelCheck.Kind.POOLING, "pool", in -> ((PoolGeometry) in[0]).max()));
    assertEquals(
        "pooling, average: element 0",
        found(KernelCheck.Kind.POOLING, "pool", in -> !((PoolGeometry) in[0]).max()));
  }

  @Test
  void allKindsOfResamplingAreChecked() {
    assertEquals(
        "nearest elements: element 0",
        found(KernelCheck.Kind.RESAMPLING, "resize", in -> ((ResizeGeometry) in[0]).nearest()));
    assertEquals(
        "linear resampling: element 0",
        found(KernelCheck.Kind.RESAMPLING, "resize", in -> !((ResizeGeometry) in[0]).nearest()));
    assertEquals(
        "weighted rows: element 0", found(KernelCheck.Kind.RESAMPLING, "mix", 3, _ -> true));
  }
}
