package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.VectorOp.Encoding.BOTH;
import static dev.jiffy.engine.kernel.x86.VectorOp.Encoding.EVEX;
import static dev.jiffy.engine.kernel.x86.VectorOp.Encoding.VEX;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.FULL;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.HALF;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.HALF_WIDTH;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.MEMORY;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.PAIR;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.QUARTER;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.QUARTER_WIDTH;
import static dev.jiffy.engine.kernel.x86.VectorOp.Tuple.SCALAR;

/// A vector instruction: the fields of its encoding, as the manuals of Intel and AMD list them.
///
/// Names are the manuals', without the leading V; those of stores end in `_TO`.
enum VectorOp {
  // moves
  MOVUPS(0, 1, 0, 0x10, MEMORY, BOTH),
  MOVUPS_TO(0, 1, 0, 0x11, MEMORY, BOTH),
  MOVSS(2, 1, 0, 0x10, SCALAR, BOTH),
  MOVSS_TO(2, 1, 0, 0x11, SCALAR, BOTH),
  MOVQ(2, 1, 0, 0x7e, PAIR, VEX),
  MOVLPS_TO(0, 1, 0, 0x13, PAIR, VEX),
  MOVHPS_TO(0, 1, 0, 0x17, PAIR, VEX),
  MASKMOVPS(1, 2, 0, 0x2c, MEMORY, VEX),
  MASKMOVPS_TO(1, 2, 0, 0x2e, MEMORY, VEX),
  BROADCASTSS(1, 2, 0, 0x18, SCALAR, BOTH),
  BROADCASTSD(1, 2, 1, 0x19, PAIR, EVEX),
  /// The same with VEX, where the W bit is 0.
  BROADCASTSD_VEX(1, 2, 0, 0x19, PAIR, VEX),

  // f32 arithmetic
  ADDPS(0, 1, 0, 0x58, FULL, BOTH),
  ADDSS(2, 1, 0, 0x58, SCALAR, BOTH),
  MULPS(0, 1, 0, 0x59, FULL, BOTH),
  MULSS(2, 1, 0, 0x59, SCALAR, BOTH),
  SUBPS(0, 1, 0, 0x5c, FULL, BOTH),
  MINPS(0, 1, 0, 0x5d, FULL, BOTH),
  DIVPS(0, 1, 0, 0x5e, FULL, BOTH),
  MAXPS(0, 1, 0, 0x5f, FULL, BOTH),
  SQRTPS(0, 1, 0, 0x51, FULL, BOTH),
  FMADD132PS(1, 2, 0, 0x98, FULL, BOTH),
  FMADD213PS(1, 2, 0, 0xa8, FULL, BOTH),
  FMADD231PS(1, 2, 0, 0xb8, FULL, BOTH),
  FNMADD231PS(1, 2, 0, 0xbc, FULL, BOTH),
  /// VROUNDPS with VEX, VRNDSCALEPS with EVEX: the same opcode and, for whole numbers, meaning.
  ROUNDPS(1, 3, 0, 0x08, FULL, BOTH),
  SCALEFPS(1, 2, 0, 0x2c, FULL, EVEX),

  // f64 arithmetic; an element of memory is not repeated
  ADDPD(1, 1, 1, 0x58, MEMORY, BOTH),
  MULPD(1, 1, 1, 0x59, MEMORY, BOTH),
  SUBPD(1, 1, 1, 0x5c, MEMORY, BOTH),
  DIVPD(1, 1, 1, 0x5e, MEMORY, BOTH),
  FMADD231PD(1, 2, 1, 0xb8, MEMORY, BOTH),

  // bits and integers
  ANDPS(0, 1, 0, 0x54, FULL, BOTH),
  ORPS(0, 1, 0, 0x56, FULL, BOTH),
  XORPS(0, 1, 0, 0x57, FULL, BOTH),
  PADDD(1, 1, 0, 0xfe, FULL, BOTH),
  PSUBD(1, 1, 0, 0xfa, FULL, BOTH),
  PMULLD(1, 2, 0, 0x40, FULL, BOTH),
  PMAXSD(1, 2, 0, 0x3d, FULL, BOTH),
  PMINSD(1, 2, 0, 0x39, FULL, BOTH),
  PADDQ(1, 1, 1, 0xd4, MEMORY, BOTH),
  PSUBQ(1, 1, 1, 0xfb, MEMORY, BOTH),
  PMULLQ(1, 2, 1, 0x40, MEMORY, EVEX),
  PMAXSQ(1, 2, 1, 0x3d, MEMORY, EVEX),
  PMINSQ(1, 2, 1, 0x39, MEMORY, EVEX),
  PMINUB(1, 1, 0, 0xda, MEMORY, BOTH),
  PADDSW(1, 1, 0, 0xed, MEMORY, BOTH),

  // conversions
  CVTDQ2PS(0, 1, 0, 0x5b, FULL, BOTH),
  CVTSI2SS(2, 1, 1, 0x2a, PAIR, BOTH),
  CVTPS2DQ(1, 1, 0, 0x5b, FULL, BOTH),
  CVTPH2PS(1, 2, 0, 0x13, HALF_WIDTH, BOTH),
  CVTNE2PS2BF16(3, 2, 0, 0x72, FULL, EVEX),
  PMOVZXBW(1, 2, 0, 0x30, HALF_WIDTH, BOTH),
  PMOVZXBD(1, 2, 0, 0x31, QUARTER_WIDTH, BOTH),
  PMOVUSDB_TO(2, 2, 0, 0x11, QUARTER_WIDTH, EVEX),
  PACKSSDW(1, 1, 0, 0x6b, FULL, BOTH),
  PACKUSWB(1, 1, 0, 0x67, MEMORY, BOTH),

  // products of narrow numbers
  DPBF16PS(2, 2, 0, 0x52, FULL, EVEX),
  PDPBUSD(1, 2, 0, 0x50, FULL, EVEX),
  /// The same of AVX-VNNI, which CPUs with AVX-512 need not have.
  PDPBUSD_VEX(1, 2, 0, 0x50, FULL, VEX),
  PMADDUBSW(1, 2, 0, 0x04, MEMORY, BOTH),
  PMADDWD(1, 1, 0, 0xf5, MEMORY, BOTH),

  // rearranging
  UNPCKLPS(0, 1, 0, 0x14, FULL, BOTH),
  UNPCKHPS(0, 1, 0, 0x15, FULL, BOTH),
  PUNPCKLBW(1, 1, 0, 0x60, MEMORY, BOTH),
  PUNPCKHBW(1, 1, 0, 0x68, MEMORY, BOTH),
  PUNPCKLWD(1, 1, 0, 0x61, MEMORY, BOTH),
  PUNPCKHWD(1, 1, 0, 0x69, MEMORY, BOTH),
  PSHUFB(1, 2, 0, 0x00, MEMORY, BOTH),
  SHUFPS(0, 1, 0, 0xc6, FULL, BOTH),
  PERM2F128(1, 3, 0, 0x06, MEMORY, VEX),
  PERMPS(1, 2, 0, 0x16, FULL, BOTH),
  PERMW(1, 2, 1, 0x8d, MEMORY, EVEX),
  PERMI2B(1, 2, 0, 0x75, MEMORY, EVEX),
  PERMILPS(1, 3, 0, 0x04, FULL, BOTH),
  SHUFF32X4(1, 3, 0, 0x23, FULL, EVEX),
  EXTRACTF128_TO(1, 3, 0, 0x19, QUARTER, BOTH),
  EXTRACTF32X8_TO(1, 3, 0, 0x1b, HALF, EVEX),
  PBLENDMB(1, 2, 0, 0x66, MEMORY, EVEX),
  BLENDMPS(1, 2, 0, 0x65, FULL, EVEX),
  BLENDVPS(1, 3, 0, 0x4a, MEMORY, VEX),

  // comparisons
  CMPPS(0, 1, 0, 0xc2, FULL, BOTH),
  PMOVB2M(2, 2, 0, 0x29, MEMORY, EVEX),
  TESTPS(1, 2, 0, 0x0e, MEMORY, VEX),

  // shifts by a number: the operation is in the field of the first register
  PSHIFTD(1, 1, 0, 0x72, FULL, BOTH);

  /// Which encodings an instruction has.
  enum Encoding {
    VEX,
    EVEX,
    BOTH
  }

  /// How many bytes of memory an instruction touches, the unit of EVEX's short displacements.
  enum Tuple {
    /// The vector, or one element of 4 bytes if broadcast.
    FULL,
    /// The vector.
    MEMORY,
    /// 4 bytes.
    SCALAR,
    /// 8 bytes.
    PAIR,
    /// Half of the vector.
    HALF_WIDTH,
    /// A quarter of the vector.
    QUARTER_WIDTH,
    /// 32 bytes.
    HALF,
    /// 16 bytes.
    QUARTER;

    int bytes(int vectorBytes, boolean broadcast) {
      return switch (this) {
        case FULL -> broadcast ? 4 : vectorBytes;
        case MEMORY -> vectorBytes;
        case SCALAR -> 4;
        case PAIR -> 8;
        case HALF_WIDTH -> vectorBytes / 2;
        case QUARTER_WIDTH -> vectorBytes / 4;
        case HALF -> 32;
        case QUARTER -> 16;
      };
    }
  }

  /// The mandatory prefix: 0 none, 1 `66`, 2 `F3`, 3 `F2`.
  final int prefix;

  /// The opcode map: 1 `0F`, 2 `0F38`, 3 `0F3A`.
  final int map;

  /// The W bit.
  final int wide;

  final int opcode;
  final Tuple tuple;
  final Encoding encoding;

  VectorOp(int prefix, int map, int wide, int opcode, Tuple tuple, Encoding encoding) {
    this.prefix = prefix;
    this.map = map;
    this.wide = wide;
    this.opcode = opcode;
    this.tuple = tuple;
    this.encoding = encoding;
  }
}
