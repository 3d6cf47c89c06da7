package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {
  @Test
  void namesAreRead() {
    assertEquals(new Device.Cpu(), Device.of("cpu"));
    assertEquals(new Device.Cuda(3), Device.of("cuda:3"));
    assertEquals("cuda:3", Device.of("cuda:3").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:99999", "CPU"})
  void otherNamesAreRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> Device.of(name));
  }
}
