/// What the operating system offers beyond what the JDK asks of it.
package dev.jiffy.engine.system;
