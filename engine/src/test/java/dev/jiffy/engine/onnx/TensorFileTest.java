package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorFileTest {
  @Test
  void whatIsWrittenIsRead(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tensor.pb");
    for (DType dtype : DType.values()) {
      for (Shape shape : List.of(Shape.of(), Shape.of(0, 3), Shape.of(2, 3), Shape.of(3000))) {
        Tensor tensor = Tensor.allocate(dtype, shape);
        for (long i = 0; i < shape.elements(); i++) {
          if (dtype == DType.STRING) {
            tensor.setString(i, "s" + i);
          } else {
            tensor.setDouble(i, (double) (i % 7));
          }
        }
        TensorFile.write(file, "name", tensor);
        NamedTensor read = TensorFile.read(file);
        assertEquals("name", read.name());
        assertEquals(tensor.toString(), read.tensor().toString());
        assertEquals(-1, tensor.segment().mismatch(read.tensor().segment()));
      }
    }
  }

  @Test
  void typesThatJiffyLacksAreNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tensor.pb");
    new ProtoWriter().integer(1, 1).integer(2, 14).float32(4, 1).float32(4, 2).writeTo(file);
    ModelException e = assertThrows(ModelException.class, () -> TensorFile.read(file));
    assertTrue(String.valueOf(e.getMessage()).contains("COMPLEX64"), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).contains("tensor.pb"), e::getMessage);
  }
}
