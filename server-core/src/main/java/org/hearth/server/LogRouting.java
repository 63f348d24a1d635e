package org.hearth.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;

/// Where the lines go that the code writes with `System.Logger`: to the standard error stream, to a
/// file in the data folder (10 files of 10 MB at most), and to the [LogTail] that the panel shows.
///
/// Found by Logback as a service. It is code rather than XML because an XML parser at every start
/// costs a tenth of a second.
public final class LogRouting extends ContextAwareBase implements Configurator {
  private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %-24.24logger{0} %msg%n";
  private static final String ROOT_PACKAGE = LogRouting.class.getPackageName() + ".";

  /// Made by Logback.
  public LogRouting() {}

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setName("console");
    console.setTarget("System.err");
    console.setEncoder(encoder(context, PATTERN));
    console.start();

    AppenderBase<ILoggingEvent> tail = new TailAppender(LogTail.OF_THIS_PROCESS);
    tail.setContext(context);
    tail.setName("tail");
    tail.start();

    var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(console);
    root.addAppender(tail);
    context.getLogger("org.hearth").setLevel(Level.INFO);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /// From now on also to a file in this folder.
  ///
  /// @param folder the data folder's `logs/`
  static void alsoTo(Path folder) {
    if (!(org.slf4j.LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.detachAppender("file");
    RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
    file.setContext(context);
    file.setName("file");
    file.setFile(folder.resolve("hearth.log").toString());
    file.setEncoder(
        encoder(context, "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger %msg%n"));
    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(file);
    window.setFileNamePattern(folder.resolve("hearth.%i.log").toString());
    window.setMinIndex(1);
    window.setMaxIndex(9);
    window.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(FileSize.valueOf("10MB"));
    size.start();
    file.setRollingPolicy(window);
    file.setTriggeringPolicy(size);
    file.start();
    root.addAppender(file);
  }

  private static PatternLayoutEncoder encoder(LoggerContext context, String pattern) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(pattern);
    encoder.start();
    return encoder;
  }

  private static final class TailAppender extends AppenderBase<ILoggingEvent> {
    private final LogTail tail;

    TailAppender(LogTail tail) {
      this.tail = tail;
    }

    @Override
    protected void append(ILoggingEvent event) {
      IThrowableProxy thrown = event.getThrowableProxy();
      String message =
          thrown == null
              ? event.getFormattedMessage()
              : event.getFormattedMessage() + '\n' + ThrowableProxyUtil.asString(thrown);
      tail.add(
          event.getInstant(), level(event.getLevel()), component(event.getLoggerName()), message);
    }

    private static LogLine.Level level(Level level) {
      return switch (level.toInt()) {
        case Level.ERROR_INT -> LogLine.Level.ERROR;
        case Level.WARN_INT -> LogLine.Level.WARNING;
        case Level.INFO_INT -> LogLine.Level.INFO;
        default -> LogLine.Level.DEBUG;
      };
    }

    /// The package of ours that the logger lies in, or the library's name.
    private static String component(String logger) {
      if (!logger.startsWith(ROOT_PACKAGE)) {
        return logger;
      }
      String below = logger.substring(ROOT_PACKAGE.length());
      int dot = below.lastIndexOf('.');
      return dot < 0 ? "server" : below.substring(0, dot);
    }
  }
}
