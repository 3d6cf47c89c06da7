package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Operand.Vector.ymm;
import static dev.jiffy.engine.kernel.x86.Operand.Vector.zmm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Compares instructions with a listing that the GNU disassembler made of their bytes: it says the
/// same as what was asked for.
///
/// Where the bytes are to change, take those of `target/disassembly.txt`, which this test writes if
/// it fails, and let `scripts/disassembly.sh` write the listing.
class AssemblerTest {
  private static final String LISTING = "disassembly.txt";

  @Test
  void bytesAreWhatTheDisassemblerReadsAsTheInstructionsMeant() throws IOException {
    Listing listing = new Listing();
    new GeneralListing(listing).all();
    new VectorListing(listing).all();
    List<String> recorded;
    try (InputStream in = AssemblerTest.class.getResourceAsStream(LISTING)) {
      Objects.requireNonNull(in, LISTING);
      recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    List<String> lines = listing.lines();
    if (!recorded.equals(lines)) {
      Files.write(Path.of("target", LISTING), lines);
    }
    for (int i = 0; i < Math.min(recorded.size(), lines.size()); i++) {
      int line = i + 1;
      assertEquals(recorded.get(i), lines.get(i), () -> LISTING + " line " + line);
    }
    assertEquals(recorded.size(), lines.size(), "lines of " + LISTING);
  }

  @Test
  void constantsFollowTheCodeOnceAndAligned() {
    Assembler code = new Assembler();
    code.op(VectorOp.ADDPS, ymm(1), ymm(2), code.constant(1f, 32));
    code.op(VectorOp.MULPS, ymm(1), ymm(2), code.constant(2f, 32));
    code.op(VectorOp.SUBPS, zmm(1), zmm(2), code.constant(3f, 64));
    code.op(VectorOp.SUBPS, ymm(1), ymm(2), code.constant(1f, 32));
    code.ret();
    // Instructions end at 8, 16, 26 and 34; the code ends at 35.
    ByteBuffer bytes = ByteBuffer.wrap(code.finish()).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(64 + 32 + 32 + 4, bytes.capacity());
    assertEquals(64 - 8, bytes.getInt(4));
    assertEquals(96 - 16, bytes.getInt(12));
    assertEquals(128 - 26, bytes.getInt(22));
    assertEquals(64 - 34, bytes.getInt(30));
    for (int at = 64; at <= 128; at += 4) {
      assertEquals(at < 96 ? 1f : at < 128 ? 2f : 3f, bytes.getFloat(at));
    }
  }

  @Test
  void whatHasNoCodeIsRefused() {
    Assembler code = new Assembler();
    Address repeated = at(Register.RDX).repeated();
    assertThrows(IllegalStateException.class, () -> code.op(VectorOp.MOVUPS, zmm(1), repeated));
    assertThrows(
        IllegalStateException.class, () -> code.op(VectorOp.MASKMOVPS, zmm(1), zmm(2), zmm(3)));
    assertThrows(IllegalStateException.class, () -> code.blend(ymm(17), ymm(2), ymm(3), ymm(4)));
    assertThrows(IllegalArgumentException.class, () -> at(Register.RDX, Register.RSP, 1, 0));
  }
}
