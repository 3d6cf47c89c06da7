/// Runs models, or nodes of one, on ONNX Runtime.
package dev.jiffy.onnxruntime;
