import io.moquette.broker.Server;
import java.io.File;

/** Moquette: Launch FILE, a moquette.conf. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) throws Exception {
		Server broker = new Server();

		Runtime.getRuntime().addShutdownHook(new Thread(broker::stopServer));
		broker.startServer(new File(args[0]));
		Thread.currentThread().join();
	}
}
