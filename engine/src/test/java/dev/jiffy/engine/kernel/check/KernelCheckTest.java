package dev.jiffy.engine.kernel.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.Targets;
import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("many-machines")
class KernelCheckTest {
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
      assertEquals("product: element 0", fault.substring(0, fault.indexOf(" is ")));
    } else {
      assertNull(fault);
    }
  }
}
