/// The Open Inference Protocol, version 2, as records. No input or output happens here.
package dev.jiffy.protocol;
