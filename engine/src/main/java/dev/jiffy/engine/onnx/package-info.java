/// ONNX bytes to the portable graph, and back.
///
/// [OnnxReader] turns a file into records without copying weights, [Importer] turns the records
/// into a [dev.jiffy.engine.ir.Graph] that follows the newest operator set, [OnnxWriter] goes the
/// other way.
package dev.jiffy.engine.onnx;
