import java.nio.file.Path;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** ActiveMQ Artemis: Launch FILE, a broker.xml. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) throws Exception {
		EmbeddedActiveMQ broker = new EmbeddedActiveMQ();

		broker.setConfigResourcePath(Path.of(args[0]).toUri().toString());
		Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker)));
		broker.start();
		Thread.currentThread().join();
	}

	private static void stop(EmbeddedActiveMQ broker) {
		try {
			broker.stop();
		} catch (Exception e) {
			e.printStackTrace();
		}
	}
}
