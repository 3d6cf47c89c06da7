package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of sequences and optional values.
class ValueReaderTest {
  private static final Tensor ONE = Tensor.of(new float[] {1, 2}, 2);
  private static final Tensor TWO = Tensor.of(new float[] {3}, 1, 1);

  @TempDir private Path folder;

  private static ProtoWriter tensor(Tensor tensor) {
    ProtoWriter message = new ProtoWriter();
    TensorWriter.write(message, "inner", tensor);
    return message;
  }

  private static ProtoWriter sequence(Tensor... tensors) {
    ProtoWriter message = new ProtoWriter().string(1, "s").integer(2, 1);
    for (Tensor tensor : tensors) {
      message.message(3, tensor(tensor));
    }
    return message;
  }

  private NamedValue read(ProtoWriter message, Value.Kind kind) throws IOException {
    Path file = folder.resolve("value.pb");
    message.writeTo(file);
    return TensorFile.read(file, kind, DType.F32);
  }

  @Test
  void sequencesAndOptionalValuesAreRead() throws IOException {
    NamedValue named = read(sequence(ONE, TWO), Value.Kind.SEQUENCE);
    assertEquals("s", named.name());
    TensorSequence sequence = (TensorSequence) named.value();
    assertEquals(2, sequence.size());
    assertArrayEquals(new float[] {1, 2}, sequence.tensors().get(0).toFloats());
    assertEquals(TWO.shape(), sequence.tensors().get(1).shape());
    assertEquals(
        new TensorSequence(DType.F32, List.of()), read(sequence(), Value.Kind.SEQUENCE).value());

    OptionalValue there =
        (OptionalValue)
            read(new ProtoWriter().message(3, tensor(ONE)), Value.Kind.OPTIONAL_TENSOR).value();
    assertArrayEquals(
        new float[] {1, 2}, ((Tensor) Objects.requireNonNull(there.value())).toFloats());
    OptionalValue both =
        (OptionalValue)
            read(new ProtoWriter().message(5, sequence(ONE)), Value.Kind.OPTIONAL_SEQUENCE).value();
    assertEquals(1, ((TensorSequence) Objects.requireNonNull(both.value())).size());
    assertEquals(
        OptionalValue.EMPTY,
        read(new ProtoWriter().string(1, "o").integer(2, 0), Value.Kind.OPTIONAL_TENSOR).value());
  }

  private String refused(ProtoWriter message, Value.Kind kind) {
    return String.valueOf(
        assertThrows(ModelException.class, () -> read(message, kind)).getMessage());
  }

  @Test
  void whatIsNoSequenceOfTensorsIsNamed() {
    ProtoWriter map = new ProtoWriter().message(6, new ProtoWriter());
    assertTrue(refused(map, Value.Kind.SEQUENCE).contains("anything but tensors"));
    assertTrue(refused(map, Value.Kind.OPTIONAL_TENSOR).contains("neither a tensor nor"));
    assertTrue(
        refused(sequence(ONE, Tensor.of(new long[] {1})), Value.Kind.SEQUENCE)
            .contains("a sequence of F32 holds a tensor of I64"));
  }

  @Test
  void kindsAcceptWhatIsThere() {
    TensorSequence sequence = new TensorSequence(DType.F32, List.of(ONE));
    OptionalValue none = OptionalValue.EMPTY;
    assertTrue(Value.Kind.TENSOR.accepts(ONE));
    assertFalse(Value.Kind.TENSOR.accepts(new OptionalValue(ONE)));
    assertFalse(Value.Kind.SEQUENCE.accepts(ONE));
    assertFalse(Value.Kind.SEQUENCE.accepts(none));
    assertTrue(Value.Kind.OPTIONAL_TENSOR.accepts(ONE));
    assertTrue(Value.Kind.OPTIONAL_TENSOR.accepts(new OptionalValue(ONE)));
    assertFalse(Value.Kind.OPTIONAL_TENSOR.accepts(new OptionalValue(sequence)));
    assertTrue(Value.Kind.OPTIONAL_SEQUENCE.accepts(sequence));
    assertTrue(Value.Kind.OPTIONAL_SEQUENCE.accepts(none));
    assertThrows(IllegalArgumentException.class, () -> new OptionalValue(none));
    assertThrows(IllegalArgumentException.class, () -> new TensorSequence(DType.I64, List.of(ONE)));
  }
}
