export { load } from 'koffi';
