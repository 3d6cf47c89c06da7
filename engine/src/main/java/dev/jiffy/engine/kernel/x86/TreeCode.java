package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADC;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.BELOW;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates walks of rows down trees, as [TreeShape] lays them out.
///
/// Each of eight trees or rows has a register that points to its node. One step loads a key by the
/// node's number of it, compares, and adds the carry of the comparison to the distance: six
/// instructions and no jump. The steps of the eight do not wait for each other.
///
/// The arguments: the first tree or group, the address after the last, the first node, the keys,
/// blocks of rows; on the stack, the results and bytes from those of a block to the next.
///
/// @param shape the shape; its bytes of keys count only where rows are walked side by side
/// @param byRows whether the eight are rows and share a tree, or trees and share a row
record TreeCode(TreeShape shape, boolean byRows) {
  private static final Register TREE = Register.RDI;
  private static final Register DEPTH = Register.RSI;
  private static final Register NODES = Register.RDX;
  private static final Register KEYS = Register.RCX;
  private static final Register OUT = Register.RBP;
  private static final Register KEY = Register.RAX;
  private static final Register DISTANCE = Register.RBX;

  private static final Register[] SAVED = {
    Register.RBX, Register.RBP, Register.R12, Register.R13, Register.R14, Register.R15
  };

  private static final Register[] LANES = {
    Register.R8,
    Register.R9,
    Register.R10,
    Register.R11,
    Register.R12,
    Register.R13,
    Register.R14,
    Register.R15
  };

  /// What is kept on the stack, as there are too few registers.
  private static final Address BLOCKS = at(Register.RSP, 0);

  private static final Address END = at(Register.RSP, 8);
  private static final Address FIRST = at(Register.RSP, 16);
  private static final int KEPT = 24;
  private static final Address RESULTS = at(Register.RSP, KEPT + 8 * SAVED.length + 8);
  private static final Address RESULT_BYTES = RESULTS.plus(8);

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    code.push(TREE);
    code.push(DEPTH);
    code.push(Register.R8);
    Label block = code.here();
    code.load(TREE, FIRST);
    code.load(OUT, RESULTS);
    sums(code, VectorOp.MOVSS);
    Label tree = code.here();
    walk(code);
    code.alu(ADD, TREE, byRows ? TreeShape.TREE_BYTES : TreeShape.GROUP_BYTES);
    code.alu(CMP, TREE, END);
    code.jump(BELOW, tree);
    sums(code, VectorOp.MOVSS_TO);
    if (byRows) {
      code.alu(ADD, KEYS, LANES.length * shape.keyBytes());
      code.load(KEY, RESULTS);
      code.alu(ADD, KEY, RESULT_BYTES);
      code.store(KEY, RESULTS);
      code.load(KEY, BLOCKS);
      code.alu(SUB, KEY, 1);
      code.store(KEY, BLOCKS);
      code.jump(NOT_EQUAL, block);
    }
    code.alu(ADD, Register.RSP, KEPT);
    code.pop(SAVED);
    code.ret();
    return code.finish();
  }

  /// The register in which a lane's leaves are added up.
  private Vector sum(int lane) {
    return Vector.xmm(byRows ? lane : 0);
  }

  /// Loads or stores what leaves are added to.
  private void sums(Assembler code, VectorOp move) {
    for (int lane = 0; shape.isSum() && lane < (byRows ? LANES.length : 1); lane++) {
      code.op(move, sum(lane), at(OUT, 4 * lane));
    }
  }

  private void walk(Assembler code) {
    for (int lane = 0; lane < LANES.length; lane++) {
      if (byRows && lane > 0) {
        code.mov(LANES[lane], LANES[0]);
        continue;
      }
      code.loadUnsigned(KEY, at(TREE, 4 * lane));
      if (shape.isWide()) {
        code.shift(Shift.LEFT, KEY, 1);
      }
      code.lea(LANES[lane], at(NODES, KEY, 8, 0));
    }
    code.loadUnsigned(DEPTH, at(TREE, byRows ? 4 : TreeShape.DEPTH));
    Label leaves = new Label();
    code.test(DEPTH);
    code.jump(EQUAL, leaves);
    Label level = code.here();
    for (int lane = 0; lane < LANES.length; lane++) {
      step(code, LANES[lane], byRows ? lane * shape.keyBytes() : 0);
    }
    code.repeat(level, DEPTH);
    code.bind(leaves);
    for (int lane = 0; lane < LANES.length; lane++) {
      if (shape.isSum()) {
        code.op(VectorOp.ADDSS, sum(lane), sum(lane), at(LANES[lane]));
      } else {
        code.loadUnsigned(KEY, at(LANES[lane]));
        code.storeInt(KEY, at(OUT, 4 * lane));
      }
    }
    if (!shape.isSum()) {
      code.alu(ADD, OUT, 4 * LANES.length);
    }
  }

  private void step(Assembler code, Register node, int keys) {
    if (shape.isWide()) {
      code.loadUnsigned(KEY, at(node, 4));
      code.loadUnsigned(DISTANCE, at(node, 8));
    } else {
      code.loadShort(KEY, at(node, 4));
      code.loadShort(DISTANCE, at(node, 6));
    }
    code.loadUnsigned(KEY, at(KEYS, KEY, 4, keys));
    code.compareInt(at(node), KEY);
    code.alu(ADC, DISTANCE, 0);
    if (shape.isWide()) {
      code.shift(Shift.LEFT, DISTANCE, 1);
    }
    code.lea(node, at(node, DISTANCE, 8, 0));
  }
}
